/** Adapts the height of the stage to the layout, until the user changes it. */

import type { Rect } from "../layout/placement";

const MIN_HEIGHT = 220;
const MAX_HEIGHT = 420;
const MARGIN = 28;
/** Minimum scale of the initial view, see `Viewport.fit`. */
const READABLE_SCALE = 0.55;

export class StageHeight {
  private appliedHeight = "";

  constructor(private readonly stage: HTMLElement) {}

  /** Adapts the height to the bounds of a layout; with `keep` it is not reduced. */
  fit(bounds: Rect, keep: boolean): void {
    const { style, clientWidth, clientHeight } = this.stage;
    if (clientWidth === 0 || style.height !== this.appliedHeight) return;
    const scale = Math.min(1, Math.max(READABLE_SCALE, (clientWidth - MARGIN) / bounds.width));
    const needed = Math.min(
      MAX_HEIGHT,
      Math.max(MIN_HEIGHT, Math.round(bounds.height * scale) + 2 * MARGIN),
    );
    this.appliedHeight = `${keep ? Math.max(needed, clientHeight) : needed}px`;
    style.height = this.appliedHeight;
  }
}
