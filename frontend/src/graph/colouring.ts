/** Gives boxes the colour of their gradient norm; touches only what has changed. */

import { HeatScale } from "./heat";
import type { Fact } from "./labels";
import type { Norms } from "./norms";
import type { Thing } from "./scene";
import { normText } from "./text";

const PROPERTY = "--labkit-heat";

export class Colouring {
  readonly scale = new HeatScale();
  private readonly painted = new WeakMap<Element, string>();

  /** Paints everything; true when the scale has changed. */
  paint(things: Iterable<readonly [SVGGElement, Thing]>, norms: Norms): boolean {
    const changed = this.scale.fit([...norms.parameters.values(), ...norms.modules.values()]);
    for (const [group, thing] of things) this.paintOne(group, normOf(thing, norms));
    return changed;
  }

  private paintOne(group: SVGGElement, norm: number | null): void {
    const broken = norm !== null && !Number.isFinite(norm);
    const colour = norm === null ? null : this.scale.colour(norm);
    const paint = broken ? "broken" : (colour ?? "");
    if (this.painted.get(group) === paint) return;
    this.painted.set(group, paint);
    group.classList.toggle("labkit-graph-broken", broken);
    group.classList.toggle("labkit-graph-heated", colour !== null);
    if (colour === null) group.style.removeProperty(PROPERTY);
    else group.style.setProperty(PROPERTY, colour);
  }
}

/** The gradient norm of a parameter or of a module's parameters; null for what has none. */
export function normOf(thing: Thing, norms: Norms): number | null {
  if (thing.type === "container") return norms.modules.get(thing.container.module.path) ?? null;
  const { item } = thing;
  if (item.kind === "module") return norms.modules.get(item.module.path) ?? null;
  for (const name of item.kind === "parameter" ? item.node.parameters : []) {
    const norm = norms.parameters.get(name);
    if (norm !== undefined) return norm;
  }
  return null;
}

export function normFact(thing: Thing, norms: Norms): readonly Fact[] {
  const norm = normOf(thing, norms);
  if (norm === null) return [];
  const step = norms.step === null ? "" : ` at step ${norms.step}`;
  return [["Gradient norm", `${normText(norm)}${step}`]];
}
