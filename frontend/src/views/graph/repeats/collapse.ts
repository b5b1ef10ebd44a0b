/**
 * Collapses repeats: only one of several identical passes is drawn.
 *
 * The boxes of every pass have the ids of the first pass, so that no box moves when another pass is
 * selected. Names, shapes and colours are those of the selected pass.
 */

import type { GraphData, GraphNode } from "../../../messages/graph";
import type {
  CollapsedCall,
  CollapsedEdge,
  CollapsedGraph,
  DrawnRepeat,
  PassChoices,
} from "../structure/collapsed-graph";
import { isOperation } from "../structure/module-tree";
import { type Child, ChildrenByCall, type Repeat } from "./children-by-call";
import {
  isDrawnWith,
  isShown,
  NO_PASSES,
  type PassPath,
  type PassReference,
  relationOf,
} from "./pass-path";

/** A recorded graph whose repeats can be collapsed. */
export class CollapsibleGraph {
  private readonly childrenByCall: ChildrenByCall;
  private readonly repeatsByScope = new Map<string, readonly Repeat[]>();

  constructor(readonly graph: GraphData) {
    this.childrenByCall = new ChildrenByCall(graph);
  }

  collapse(choices: PassChoices): Collapse {
    return new Collapse(this.graph, this.childrenByCall, (scope) => this.repeatsIn(scope), choices);
  }

  private repeatsIn(scope: string): readonly Repeat[] {
    const known = this.repeatsByScope.get(scope) ?? this.childrenByCall.repeats(scope);
    this.repeatsByScope.set(scope, known);
    return known;
  }
}

/** A collapsed graph, its repeats, and the mapping from the recorded graph to it. */
export class Collapse {
  readonly graph: CollapsedGraph;
  readonly repeats: DrawnRepeat[] = [];
  /** Ids in the collapsed graph, by the recorded id of an operation or call. */
  private readonly drawnIds = new Map<string, string>();
  /** Recorded ids in hidden passes that have no counterpart in the drawn one. */
  private readonly undrawn = new Set<string>();
  /** Ids in the recorded graph, by the id of a drawn node. */
  private readonly recordedIds = new Map<string, string>();
  private readonly passPaths = new Map<string, PassPath>();
  private readonly calls = new Map<string, CollapsedCall>();
  /** The box of a pass, by the id of an operation directly inside it. */
  private readonly parents = new Map<string, string>();

  constructor(
    recorded: GraphData,
    private readonly childrenByCall: ChildrenByCall,
    private readonly repeatsIn: (scope: string) => readonly Repeat[],
    private readonly choices: PassChoices,
  ) {
    this.addChildren("", "", null, NO_PASSES);
    this.graph = this.repeats.length === 0 ? recorded : this.build(recorded);
  }

  /** Returns the id under which a node or call is drawn if its pass is selected. */
  drawnIdOf(id: string): string {
    return this.drawnIds.get(id) ?? id;
  }

  /** Returns the id of a drawn node in the recorded graph. */
  recordedIdOf(id: string): string {
    return this.recordedIds.get(id) ?? id;
  }

  /** Returns the choices with which a node or call of the recorded graph is drawn. */
  choicesFor(id: string): PassChoices {
    const references = this.pathOf(id).filter((reference) => !reference.shown);
    return new Map([...this.choices, ...references.map(({ key, pass }) => [key, pass] as const)]);
  }

  /** Adds the children of a drawn call; `first` is its counterpart in the first pass. */
  private addChildren(
    scope: string,
    first: string,
    parent: string | null,
    passPath: PassPath,
  ): void {
    const counterparts = this.childrenByCall.counterparts(scope, first);
    const counterpart = (child: Child) => counterparts.get(child.id) ?? child;
    const inRepeat = new Set<string>();
    for (const repeat of this.repeatsIn(scope)) {
      for (const child of repeat.passes.flat()) if (child) inRepeat.add(child.id);
      this.collapse(repeat, counterpart, parent, passPath);
    }
    for (const child of this.childrenByCall.children(scope)) {
      if (!inRepeat.has(child.id)) this.addShown(child, counterpart(child), parent, passPath);
    }
  }

  private collapse(
    repeat: Repeat,
    counterpart: (child: Child) => Child,
    parent: string | null,
    passPath: PassPath,
  ): void {
    const slots = repeat.slots.map(counterpart);
    const key = counterpart(repeat.key).id;
    const choice = this.choices.get(key) ?? repeat.typical;
    const count = repeat.passes.length;
    const pass = choice === "all" ? null : Math.min(choice, count - 1);
    const alone = slots.length === 1 && slots[0]?.call ? slots[0].id : null;
    const box = alone ?? `${key}/passes`;
    const label = labelOf(repeat.slots);
    const drawnRepeat = { key, box, passes: count, pass, typical: repeat.typical, label };
    this.repeats.push(drawnRepeat);
    if (pass === null) {
      for (const child of repeat.passes.flat())
        if (child) this.addShown(child, counterpart(child), parent, passPath);
      return;
    }
    const pathOf = (number: number): PassPath => [
      ...passPath,
      { key, pass: number, last: number === count - 1, shown: number === pass },
    ];
    const shown = repeat.passes[pass] ?? [];
    shown.forEach((child, slot) => {
      if (!child) return;
      this.addShown(child, slots[slot] ?? child, alone ? parent : box, pathOf(pass));
      if (!alone && child.call === null) this.parents.set(child.id, box);
    });
    const call = alone ? this.calls.get(alone) : passCall(box, parent, label);
    if (call) this.calls.set(box, { ...call, repeat: drawnRepeat });
    repeat.passes.forEach((hidden, number) => {
      if (number === pass) return;
      hidden.forEach((child, slot) => {
        if (child) this.addHidden(child, shown[slot] ?? null, pathOf(number));
      });
    });
  }

  private addShown(child: Child, first: Child, parent: string | null, passPath: PassPath): void {
    this.drawnIds.set(child.id, first.id);
    this.passPaths.set(child.id, passPath);
    if (child.call === null) return;
    this.calls.set(first.id, { ...child.call, id: first.id, parent });
    this.addChildren(child.id, first.id, first.id, passPath);
  }

  /** Maps the ids of a hidden pass to those of the drawn pass; null if it has no counterpart. */
  private addHidden(hidden: Child, shown: Child | null, passPath: PassPath): void {
    if (shown) this.drawnIds.set(hidden.id, this.drawnIdOf(shown.id));
    else this.undrawn.add(hidden.id);
    this.passPaths.set(hidden.id, passPath);
    const counterparts = shown
      ? this.childrenByCall.counterparts(hidden.id, shown.id)
      : new Map<string, Child>();
    const references = this.passesWithin(hidden.id, counterparts);
    for (const child of this.childrenByCall.children(hidden.id)) {
      const reference = references.get(child.id);
      const path = reference ? [...passPath, reference] : passPath;
      this.addHidden(child, counterparts.get(child.id) ?? null, path);
    }
  }

  /** Returns the pass of each child of a hidden call that contains repeats. */
  private passesWithin(
    scope: string,
    counterparts: ReadonlyMap<string, Child>,
  ): ReadonlyMap<string, PassReference> {
    const references = new Map<string, PassReference>();
    for (const repeat of this.repeatsIn(scope)) {
      const { passes } = repeat;
      const key = this.drawnIdOf(counterparts.get(repeat.key.id)?.id ?? repeat.key.id);
      const choice = this.choices.get(key) ?? repeat.typical;
      passes.forEach((members, pass) => {
        const last = pass === passes.length - 1;
        const reference = { key, pass, last, shown: choice === "all" || choice === pass };
        for (const member of members) if (member) references.set(member.id, reference);
      });
    }
    return references;
  }

  private build(recorded: GraphData): CollapsedGraph {
    const { nodes, names } = this.nodes(recorded);
    const modules = [...this.calls.values()];
    return { ...recorded, nodes, modules, edges: this.edges(recorded, names) };
  }

  /** Returns the drawn nodes, and the drawn id of each recorded node. */
  private nodes(recorded: GraphData): { nodes: GraphNode[]; names: Map<string, string> } {
    const neighbours = new Map<string, string[]>();
    for (const { source, target } of recorded.edges) {
      for (const [one, other] of [
        [source, target],
        [target, source],
      ] as const)
        neighbours.set(one, [...(neighbours.get(one) ?? []), other]);
    }
    const names = new Map<string, string>();
    const taken = new Set<string>();
    const nodes: GraphNode[] = [];
    for (const node of recorded.nodes) {
      const operation = isOperation(node);
      const near = neighbours.get(node.id) ?? [];
      const seen = operation
        ? isShown(this.pathOf(node.id))
        : near.length === 0 || near.some((id) => isDrawnWith(this.pathOf(id), node.kind));
      if (operation && !this.undrawn.has(node.id)) names.set(node.id, this.drawnIdOf(node.id));
      if (!seen && !operation) this.placeHiddenLeaf(node.id, near);
      if (!seen) continue;
      const scope = this.parents.get(node.id) ?? this.drawnIdOf(node.scope);
      const wanted = operation
        ? this.drawnIdOf(node.id)
        : idInScope(node.id, this.drawnIdOf(node.scope));
      const id = taken.has(wanted) ? node.id : wanted;
      taken.add(id);
      names.set(node.id, id);
      this.drawnIds.set(node.id, id);
      this.recordedIds.set(id, node.id);
      nodes.push({ ...node, id, scope });
    }
    return { nodes, names };
  }

  /** Assigns the passes of an adjacent operation to a leaf that is not drawn. */
  private placeHiddenLeaf(id: string, near: readonly string[]): void {
    const passPath = near.map((other) => this.passPaths.get(other)).find(Boolean);
    if (passPath) this.passPaths.set(id, passPath);
  }

  private pathOf(id: string): PassPath {
    return this.passPaths.get(id) ?? NO_PASSES;
  }

  private edges(recorded: GraphData, names: ReadonlyMap<string, string>): CollapsedEdge[] {
    const made = new Map<string, CollapsedEdge>();
    for (const edge of recorded.edges) {
      const [source, target] = [names.get(edge.source), names.get(edge.target)];
      if (source === undefined || target === undefined) continue;
      const sourcePath = this.passPaths.get(edge.source);
      const targetPath = this.passPaths.get(edge.target);
      const relation = sourcePath && targetPath ? relationOf(sourcePath, targetPath) : "apart";
      if (relation === "hidden" || source === target) continue;
      const key = JSON.stringify([source, target]);
      const known = made.get(key);
      const loop = relation === "loop";
      if (!known || (known.loop && !loop))
        made.set(key, { ...edge, source, target, ...(loop ? { loop } : {}) });
    }
    return [...made.values()];
  }
}

/** Returns the id with another scope: "h.3#1/weight:0" in "h.0#1" is "h.0#1/weight:0". */
function idInScope(id: string, scope: string): string {
  return `${scope}${id.slice(id.indexOf("/"))}`;
}

/** Returns the classes of the modules in a pass, then its operations: "GRUCell, Linear, add". */
function labelOf(pass: readonly Child[]): string {
  const calls = pass.flatMap(({ call }) => (call ? [call.type] : []));
  const operations = pass.flatMap(({ id, call }) => (call ? [] : [operationOf(id)]));
  const names = [...calls, ...operations];
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.slice(0, 3).join(", ")}${more}`;
}

function operationOf(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1).replace(/:\d+$/, "");
}

const NO_COST = {
  forward_flops: null,
  backward_flops: null,
  parameters: 0,
  output_bytes: null,
  saved_bytes: null,
  unknown_forward: 0,
  unknown_backward: 0,
};

/** Returns a synthetic call for a pass that is not a single module call. */
function passCall(id: string, parent: string | null, type: string): CollapsedCall {
  return {
    id,
    path: id,
    call: 1,
    type,
    parent,
    parameters: 0,
    source: null,
    seconds: null,
    frozen: 0,
    cost: NO_COST,
    synthetic: true,
  };
}
