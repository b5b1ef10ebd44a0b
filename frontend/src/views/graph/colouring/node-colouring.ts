/** Colours the nodes and edges by the quantity that is selected in the legend. */

import type { RunSession } from "../../../session";
import type { Scene, SceneElement } from "../drawing/scene";
import type { Fact } from "../model/fact";
import type { ShownGraph } from "../model/shown-graph";
import { ElementPainter } from "./element-painter";
import { Legend } from "./legend";
import { QUANTITIES, type Quantity } from "./quantities";
import { isEmpty, type QuantityValues, valueFor } from "./quantity-values";

interface AvailableQuantity {
  readonly quantity: Quantity;
  readonly values: QuantityValues;
}

const FROZEN_FACT: Fact = ["Frozen", "now: no gradient is computed for it"];
const DEFAULT_QUANTITY = "grad_norm";

export class NodeColouring {
  readonly legend: Legend;
  private readonly painter = new ElementPainter();
  /** The quantities that currently have values. */
  private available: readonly AvailableQuantity[] = [];
  /** Id of the selected quantity; "" for none, null before the first selection. */
  private chosenId: string | null = null;
  /** Values that depend only on the graph, by the id of the quantity. */
  private readonly fixed = new Map<string, QuantityValues>();
  private fixedGraph: ShownGraph | null = null;
  private frozen: ReadonlySet<string> = new Set();

  constructor(private readonly changed: () => void) {
    this.legend = new Legend((id) => {
      this.chosenId = id;
      this.changed();
    });
  }

  /** Reads all quantities, and colours by the selected one. */
  update(scene: Scene, graph: ShownGraph, session: RunSession): void {
    this.frozen = session.frozen;
    this.available = QUANTITIES.map((quantity) => ({
      quantity,
      values: this.read(quantity, graph, session),
    })).filter(({ values }) => !isEmpty(values));
    const shown = this.shown();
    const scale = shown && this.painter.scale(shown.quantity.id);
    scale?.fit(shown ? withThoseBeside(shown, graph, session) : []);
    this.legend.show(
      this.available.map(({ quantity }) => quantity),
      shown?.quantity ?? null,
      scale?.decades ?? null,
    );
    for (const [group, element] of scene.elements)
      this.painter.paint(group, shown && valueFor(element, shown.values), scale);
    for (const [path, source] of scene.arrows) {
      const value = shown && (valueFor(source, shown.values) ?? moduleValue(source, scene, shown));
      this.painter.paint(path, value, scale);
    }
  }

  /**
   * Returns the values of an element as facts: all, or the default and the selected quantity. A
   * parameter that was frozen after the graph was captured has no gradient norm, but this fact.
   */
  facts(element: SceneElement, all: boolean): readonly Fact[] {
    const chosen = this.shown()?.quantity.id;
    const isFrozen = parametersOf(element).some((name) => this.frozen.has(name));
    const values = this.available.flatMap(({ quantity, values }): Fact[] => {
      const value = valueFor(element, values);
      const matters = all || quantity.id === DEFAULT_QUANTITY || quantity.id === chosen;
      if (value === null || !matters || quantity.isAlwaysInFacts) return [];
      const step = values.step === null ? "" : ` at step ${values.step}`;
      return [[quantity.name, `${quantity.format(value)}${step}`]];
    });
    return isFrozen ? [FROZEN_FACT, ...values] : values;
  }

  private read(quantity: Quantity, graph: ShownGraph, session: RunSession): QuantityValues {
    if (!quantity.fixed) return quantity.read(graph, session);
    if (this.fixedGraph !== graph) this.fixed.clear();
    this.fixedGraph = graph;
    const values = this.fixed.get(quantity.id) ?? quantity.read(graph, session);
    this.fixed.set(quantity.id, values);
    return values;
  }

  private shown(): AvailableQuantity | null {
    const wanted = this.chosenId ?? DEFAULT_QUANTITY;
    return this.available.find(({ quantity }) => quantity.id === wanted) ?? null;
  }
}

/** Returns the values of a quantity, and those of the runs beside this one, with which it shares a scale. */
function withThoseBeside(
  { quantity, values }: AvailableQuantity,
  graph: ShownGraph,
  { beside }: RunSession,
): Iterable<number> {
  if (!beside || quantity.fixed) return values.all();
  const others = beside.sessions.flatMap((session) => [...quantity.read(graph, session).all()]);
  return [...values.all(), ...others];
}

/** Returns the names of the parameter that a box is; none for other elements. */
function parametersOf(element: SceneElement): readonly string[] {
  if (element.type === "container" || element.item.kind === "module") return [];
  return element.item.node.parameters;
}

/** Returns the value of the enclosing module, for an operation without a value. */
function moduleValue(source: SceneElement, scene: Scene, shown: AvailableQuantity): number | null {
  if (source.type === "container" || source.item.container === null) return null;
  const frame = scene.element(source.item.container);
  return frame ? valueFor(frame, shown.values) : null;
}
