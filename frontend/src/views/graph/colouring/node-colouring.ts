/** Keeps the drawing coloured by the quantity that the person chose. */

import type { RunSession } from "../../../session";
import type { Scene, Thing } from "../drawing/scene";
import type { Fact } from "../model/labels";
import type { Contents } from "../model/shown-graph";
import { Colouring } from "./element-painter";
import { Legend } from "./legend";
import { QUANTITIES, type Quantity } from "./quantities";
import { isEmpty, numberOf, type Reading } from "./quantity-values";

interface Known {
  readonly quantity: Quantity;
  readonly reading: Reading;
}

const FIRST_CHOICE = "grad_norm";

export class NodeColouring {
  readonly legend: Legend;
  private readonly colouring = new Colouring();
  /** What can be shown now. */
  private known: readonly Known[] = [];
  /** The quantity that was chosen; "" for none, null before a choice. */
  private chosen: string | null = null;
  /** Readings that stay as long as the graph does. */
  private readonly fixed = new Map<string, Reading>();
  private readOf: Contents | null = null;

  constructor(private readonly changed: () => void) {
    this.legend = new Legend((id) => {
      this.chosen = id;
      this.changed();
    });
  }

  /** Reads all quantities anew, and colours by the chosen one. */
  update(scene: Scene, contents: Contents, session: RunSession): void {
    this.known = QUANTITIES.map((quantity) => ({
      quantity,
      reading: this.read(quantity, contents, session),
    })).filter(({ reading }) => !isEmpty(reading));
    const shown = this.shown();
    const scale = shown && this.colouring.scale(shown.quantity.id);
    scale?.fit(shown?.reading.all() ?? []);
    this.legend.show(
      this.known.map(({ quantity }) => quantity),
      shown?.quantity ?? null,
      scale?.decades ?? null,
    );
    for (const [group, thing] of scene.things)
      this.colouring.paint(group, shown && numberOf(thing, shown.reading), scale);
    for (const [path, source] of scene.arrows) {
      const value = shown && (numberOf(source, shown.reading) ?? around(source, scene, shown));
      this.colouring.paint(path, value, scale);
    }
  }

  /** What is known of something, as named facts; `all` or only what matters most. */
  facts(thing: Thing, all: boolean): readonly Fact[] {
    const chosen = this.shown()?.quantity.id;
    return this.known.flatMap(({ quantity, reading }): Fact[] => {
      const value = numberOf(thing, reading);
      const matters = all || quantity.id === FIRST_CHOICE || quantity.id === chosen;
      if (value === null || !matters || (quantity.id === "saved" && isNode(thing))) return [];
      const step = reading.step === null ? "" : ` at step ${reading.step}`;
      return [[quantity.name, `${quantity.format(value)}${step}`]];
    });
  }

  private read(quantity: Quantity, contents: Contents, session: RunSession): Reading {
    if (!quantity.fixed) return quantity.read(contents, session);
    if (this.readOf !== contents) this.fixed.clear();
    this.readOf = contents;
    const reading = this.fixed.get(quantity.id) ?? quantity.read(contents, session);
    this.fixed.set(quantity.id, reading);
    return reading;
  }

  private shown(): Known | null {
    const wanted = this.chosen ?? FIRST_CHOICE;
    return this.known.find(({ quantity }) => quantity.id === wanted) ?? null;
  }
}

/** An operation has what its facts say already. */
function isNode(thing: Thing): boolean {
  return thing.type === "item" && thing.item.kind !== "module";
}

/** What an operation has no number for, its module may have. */
function around(source: Thing, scene: Scene, shown: Known): number | null {
  if (source.type === "container" || source.item.container === null) return null;
  const frame = scene.thing(source.item.container);
  return frame ? numberOf(frame, shown.reading) : null;
}
