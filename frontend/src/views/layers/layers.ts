/** The modules of the model as a tree by path, with what depends only on the graph. */

import type { GraphData, ModuleCall } from "../../messages/graph";
import type { RunSession } from "../../session";
import { ModuleTree } from "../graph/structure/module-tree";
import { sizesText } from "../graph/structure/text";

/** What the graph's calls of a module cost, together. */
export interface LayerCosts {
  readonly calls: number;
  /** Of the first call; "" if it is unknown. */
  readonly shape: string;
  /** Null if unknown, as the next four. */
  readonly forwardFlops: number | null;
  readonly backwardFlops: number | null;
  readonly savedBytes: number | null;
  readonly seconds: number | null;
  /** Number of operations whose floating point operations are unknown. */
  readonly unknown: number;
}

/** A module with the modules in it. */
export interface Layer {
  /** Its path in the model; "" for the model. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  /** Its class; "" if unknown. */
  readonly type: string;
  readonly depth: number;
  readonly children: readonly Layer[];
  /** Whether parameters are in the module itself, not in a module in it. */
  readonly hasOwnParameters: boolean;
  /** Numbers of scalar parameters, with those of the modules in it; null if unknown. */
  readonly trainable: number | null;
  readonly frozen: number | null;
  /** Null if the graph has no call of it, nor of a module in it. */
  readonly costs: LayerCosts | null;
}

export interface LayerTree {
  /** The model itself. */
  readonly model: Layer;
  /** All other modules by path, outer before inner, in the order of the forward pass. */
  readonly byPath: ReadonlyMap<string, Layer>;
  /** The names of each parameter that has several. */
  readonly tied: readonly (readonly string[])[];
}

/** Returns what changes whenever `layersOf` returns something new. */
export function layersKey(session: RunSession): readonly unknown[] {
  const { graph, tuning, tables, state } = session;
  const names = namesOf(tables, "weight_norm").length + namesOf(tables, "act_mean").length;
  return [graph, tuning.modules, names, state?.parameters, state?.trainable];
}

/**
 * Returns the modules that the graph, the model's parameters and the activations name. `types` are
 * the classes of modules that the graph may lack, by path.
 */
export function layersOf(session: RunSession, types: ReadonlyMap<string, string>): LayerTree {
  return new TreeBuilder(session, types).build();
}

function namesOf(tables: RunSession["tables"], kind: string): readonly string[] {
  return tables.filter((table) => table.kind === kind).flatMap(({ names }) => names);
}

class TreeBuilder {
  private readonly children = new Map<string, string[]>([["", []]]);
  private readonly calls = new Map<string, ModuleCall[]>();
  private readonly shapes: ReadonlyMap<string, string>;
  private readonly facts: ReadonlyMap<string, RunSession["tuning"]["modules"][number]>;
  private readonly owners: ReadonlySet<string>;

  constructor(
    private readonly session: RunSession,
    private readonly types: ReadonlyMap<string, string>,
  ) {
    const { graph, tuning, tables } = session;
    const parameters = [...namesOf(tables, "weight_norm"), ...namesOf(tables, "grad_norm")];
    this.owners = new Set(parameters.map(parentOf));
    this.shapes = graph ? shapesOf(graph) : new Map();
    this.facts = new Map(tuning.modules.map((module) => [module.path, module]));
    for (const call of graph?.modules ?? []) {
      this.calls.set(call.path, [...(this.calls.get(call.path) ?? []), call]);
      this.add(call.path);
    }
    for (const { path } of tuning.modules) this.add(path);
    for (const path of [...this.owners, ...namesOf(tables, "act_mean")]) this.add(path);
  }

  build(): LayerTree {
    const { graph, state } = this.session;
    const model = this.layer("", -1);
    const total = state && state.parameters > 0 ? state : null;
    return {
      model: {
        ...model,
        trainable: total ? total.trainable : model.trainable,
        frozen: total ? total.parameters - total.trainable : model.frozen,
      },
      byPath: new Map(withAllIn(model.children).map((layer) => [layer.path, layer])),
      tied: (graph?.nodes ?? []).map(({ parameters }) => parameters).filter((n) => n.length > 1),
    };
  }

  /** Adds a path and those around it. */
  private add(path: string): void {
    if (this.children.has(path)) return;
    const parent = parentOf(path);
    this.add(parent);
    this.children.set(path, []);
    this.children.get(parent)?.push(path);
  }

  private layer(path: string, depth: number): Layer {
    const children = (this.children.get(path) ?? []).map((child) => this.layer(child, depth + 1));
    const calls = this.calls.get(path) ?? [];
    const facts = this.facts.get(path);
    const call = calls[0];
    const parameters = facts?.parameters ?? call?.parameters ?? sumOf(children, parametersOf);
    const frozen = facts?.frozen ?? call?.frozen ?? sumOf(children, ({ frozen: n }) => n);
    return {
      path,
      name: path.slice(path.lastIndexOf(".") + 1),
      type: call?.type ?? this.types.get(path) ?? "",
      depth,
      children,
      hasOwnParameters: this.owners.has(path),
      trainable: parameters === null ? null : parameters - (frozen ?? 0),
      frozen,
      costs: this.costsOf(calls, children),
    };
  }

  private costsOf(calls: readonly ModuleCall[], children: readonly Layer[]): LayerCosts | null {
    if (calls.length === 0) return summedCosts(children);
    const costs = calls.map(({ cost }) => cost);
    return {
      calls: calls.length,
      shape: this.shapes.get(calls[0]?.id ?? "") ?? "",
      forwardFlops: sumOf(costs, ({ forward_flops }) => forward_flops),
      backwardFlops: sumOf(costs, ({ backward_flops }) => backward_flops),
      savedBytes: sumOf(costs, ({ saved_bytes }) => saved_bytes),
      seconds: sumOf(calls, ({ seconds }) => seconds),
      unknown: sumOf(costs, ({ unknown_forward: n }) => n) ?? 0,
    };
  }
}

/** Returns the modules and all in them, outer before inner. */
function withAllIn(layers: readonly Layer[]): readonly Layer[] {
  return layers.flatMap((layer) => [layer, ...withAllIn(layer.children)]);
}

function parametersOf({ trainable, frozen }: Layer): number | null {
  return trainable === null ? null : trainable + (frozen ?? 0);
}

/** Returns the costs of a module that is not called itself, as a ModuleList. */
function summedCosts(children: readonly Layer[]): LayerCosts | null {
  const costs = children.map((child) => child.costs).filter((each) => each !== null);
  if (costs.length === 0) return null;
  return {
    calls: 0,
    shape: "",
    forwardFlops: sumOf(costs, (each) => each.forwardFlops),
    backwardFlops: sumOf(costs, (each) => each.backwardFlops),
    savedBytes: sumOf(costs, (each) => each.savedBytes),
    seconds: sumOf(costs, (each) => each.seconds),
    unknown: sumOf(costs, (each) => each.unknown) ?? 0,
  };
}

/** Returns the sum of what is known; null if nothing is. */
function sumOf<T>(items: readonly T[], of: (item: T) => number | null): number | null {
  const known = items.map(of).filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}

/** Returns the output shapes by the id of the call. */
function shapesOf(graph: GraphData): ReadonlyMap<string, string> {
  const outputs = new ModuleTree(graph).outputs();
  return new Map([...outputs].map(([id, output]) => [id, sizesText(output)]));
}

/** Returns the path of the module around a parameter or module. */
function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}
