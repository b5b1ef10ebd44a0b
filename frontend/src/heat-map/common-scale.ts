/** The scale of colours that heat maps beside each other have in common. */

import type { RunsBeside } from "../session";
import type { ColourScale } from "./scale";

interface CommonScale {
  readonly scale: ColourScale;
  /** The scale of each heat map alone. */
  readonly parts: Map<HeatScale, ColourScale>;
  /** Each redraws a heat map that uses the scale. */
  readonly redraws: Set<() => void>;
}

const scales = new WeakMap<RunsBeside, Map<string, CommonScale>>();

/** The scale of one heat map: its own, or that of all heat maps of a quantity beside it. */
export class HeatScale {
  private common: CommonScale | null = null;
  private quantity: string | null = null;

  constructor(
    private readonly beside: RunsBeside | null,
    private readonly scaleFor: (quantity: string) => ColourScale,
    private readonly redraw: () => void,
  ) {}

  /** Returns the scale of a quantity. */
  of(quantity: string): ColourScale {
    if (this.common && quantity === this.quantity) return this.common.scale;
    this.leave();
    this.quantity = quantity;
    const known = this.beside ? this.shared(this.beside) : null;
    this.common = known?.get(quantity) ?? {
      scale: this.scaleFor(quantity),
      parts: new Map(),
      redraws: new Set(),
    };
    known?.set(quantity, this.common);
    if (!this.common.parts.has(this)) this.common.parts.set(this, this.scaleFor(quantity));
    this.common.redraws.add(this.redraw);
    return this.common.scale;
  }

  /** Extends the scale to the cells of some rows; the other heat maps follow. */
  extend(rows: readonly Float32Array[]): void {
    if (!this.common) return;
    const { scale, parts, redraws } = this.common;
    const { low, high } = scale;
    const own = parts.get(this);
    for (const row of rows) own?.extend(row);
    scale.join([...parts.values()]);
    if (Object.is(scale.low, low) && Object.is(scale.high, high)) return;
    for (const redraw of redraws) if (redraw !== this.redraw) redraw();
  }

  leave(): void {
    this.common?.redraws.delete(this.redraw);
    this.common = null;
  }

  private shared(beside: RunsBeside): Map<string, CommonScale> {
    const found = scales.get(beside) ?? new Map<string, CommonScale>();
    scales.set(beside, found);
    return found;
  }
}
