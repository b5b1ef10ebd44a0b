/** The modules of the model as a tree by path, with what depends only on the graph. */

import type { GraphData, ModuleCall } from "../../messages/graph";
import type { ModuleFacts } from "../../messages/tuning";
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
export function layersKey(
  session: RunSession,
  graphs: readonly GraphData[],
  modules: readonly ModuleFacts[],
): readonly unknown[] {
  const { tables, state } = session;
  const names = namesOf(tables, "weight_norm").length + namesOf(tables, "act_mean").length;
  return [graphs[0], graphs.length, modules, names, state?.parameters, state?.trainable];
}

/**
 * Returns the modules that the graphs, `modules`, the parameters and the activations name. The first
 * graph that has a module describes it.
 */
export function layersOf(
  session: RunSession,
  graphs: readonly GraphData[],
  modules: readonly ModuleFacts[],
): LayerTree {
  return new TreeBuilder(session, graphs, modules).build();
}

function namesOf(tables: RunSession["tables"], kind: string): readonly string[] {
  return tables.filter((table) => table.kind === kind).flatMap(({ names }) => names);
}

class TreeBuilder {
  private readonly children = new Map<string, string[]>([["", []]]);
  private readonly calls = new Map<string, ModuleCall[]>();
  private readonly shapes = new Map<ModuleCall, string>();
  private readonly facts: ReadonlyMap<string, ModuleFacts>;
  private readonly owners: ReadonlySet<string>;

  constructor(
    private readonly session: RunSession,
    private readonly graphs: readonly GraphData[],
    modules: readonly ModuleFacts[],
  ) {
    const { tables } = session;
    const parameters = [...namesOf(tables, "weight_norm"), ...namesOf(tables, "grad_norm")];
    this.owners = new Set(parameters.map(parentOf));
    this.facts = new Map(modules.map((module) => [module.path, module]));
    for (const graph of graphs) this.addCalls(graph);
    const described = modules.map(({ path }) => path);
    const named = [...namesOf(tables, "act_mean"), ...described, ...this.owners];
    for (const path of named) this.add(path);
  }

  build(): LayerTree {
    const { state } = this.session;
    const model = this.layer("", -1);
    const total = state && state.parameters > 0 ? state : null;
    return {
      model: {
        ...model,
        trainable: total ? total.trainable : model.trainable,
        frozen: total ? total.parameters - total.trainable : model.frozen,
      },
      byPath: new Map(withAllIn(model.children).map((layer) => [layer.path, layer])),
      tied: this.graphs
        .flatMap(({ nodes }) => nodes.map(({ parameters }) => parameters))
        .filter((names) => names.length > 1),
    };
  }

  /** Adds the calls of the modules that no graph before has. */
  private addCalls(graph: GraphData): void {
    const known = new Set(this.calls.keys());
    const outputs = new ModuleTree(graph).outputs();
    for (const call of graph.modules) {
      if (known.has(call.path)) continue;
      const earlier = this.calls.get(call.path);
      if (earlier) earlier.push(call);
      else this.calls.set(call.path, [call]);
      const output = outputs.get(call.id);
      if (output) this.shapes.set(call, sizesText(output));
      this.add(call.path);
    }
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
      type: call?.type ?? facts?.type ?? "",
      depth,
      children,
      hasOwnParameters: this.owners.has(path),
      trainable: parameters === null ? null : parameters - (frozen ?? 0),
      frozen,
      costs: this.costsOf(calls, children),
    };
  }

  private costsOf(calls: readonly ModuleCall[], children: readonly Layer[]): LayerCosts | null {
    const [first] = calls;
    if (!first) return summedCosts(children);
    const costs = calls.map(({ cost }) => cost);
    return {
      calls: calls.length,
      shape: this.shapes.get(first) ?? "",
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

/** Returns the path of the module around a parameter or module. */
function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}
