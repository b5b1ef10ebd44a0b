/** The direct children of each module call in execution order, and the repeats among them. */

import type { GraphData, GraphNode, ModuleCall } from "../../../messages/graph";
import { isOperation, ModuleTree } from "../structure/module-tree";
import { findRepeatedSections } from "./repeated-sections";

/** An operation or a module call. */
export interface Child {
  readonly id: string;
  readonly call: ModuleCall | null;
}

/** Consecutive passes with the same sequence of children. */
export interface Repeat {
  readonly passes: readonly (readonly Child[])[];
}

/** Minimum number of passes of a single operation; fewer are usual in sums. */
const MIN_OPERATION_PASSES = 8;
const MIN_PASSES = 4;

export class ChildrenByCall {
  private readonly childrenOf = new Map<string, Child[]>();
  private readonly nodes: ReadonlyMap<string, GraphNode>;
  private readonly numbers = new Map<string, number>();
  private readonly digests = new Map<string, readonly [plain: number, shaped: number]>();

  constructor(graph: GraphData) {
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    const scopes = new ModuleTree(graph);
    const seen = new Set<string>();
    for (const node of graph.nodes) {
      if (!isOperation(node)) continue;
      let around = "";
      for (const call of scopes.chain(node.scope)) {
        if (!seen.has(call.id)) this.children(around).push({ id: call.id, call });
        seen.add(call.id);
        around = call.id;
      }
      this.children(around).push({ id: node.id, call: null });
    }
  }

  /** Returns the children of a call; "" for the children outside all calls. */
  children(scope: string): Child[] {
    const known = this.childrenOf.get(scope);
    if (known) return known;
    const made: Child[] = [];
    this.childrenOf.set(scope, made);
    return made;
  }

  /** Returns the repeats among the children of a call. */
  repeats(scope: string): readonly Repeat[] {
    const children = this.children(scope);
    const byModule = children.map((child) => this.moduleNumber(child));
    const byShape = children.map((child) => this.digest(child)[1]);
    const least = (start: number, period: number) =>
      period === 1 && children[start]?.call === null ? MIN_OPERATION_PASSES : MIN_PASSES;
    return findRepeatedSections([byModule, byShape], least).map(({ start, period, count }) => ({
      passes: Array.from({ length: count }, (_, pass) =>
        children.slice(start + pass * period, start + (pass + 1) * period),
      ),
    }));
  }

  /** Returns a number that is the same for all calls of a module, with tensors of any size. */
  private moduleNumber(child: Child): number {
    const [plain] = this.digest(child);
    return child.call === null ? plain : this.numberOf(`${plain} at ${child.call.path}`);
  }

  /** Returns a number that identifies the operations, and one for the operations and shapes. */
  private digest(child: Child): readonly [number, number] {
    const known = this.digests.get(child.id);
    if (known) return known;
    const made = child.call === null ? this.ofOperation(child.id) : this.ofCall(child.call);
    this.digests.set(child.id, made);
    return made;
  }

  private ofOperation(id: string): readonly [number, number] {
    const node = this.nodes.get(id);
    // A failed operation is equal to no other, so that it is always drawn.
    if (node?.kind === "failed") return [this.numberOf(id), this.numberOf(id)];
    return [this.numberOf(`${node?.op}`), this.numberOf(`${node?.op} ${node?.shape}`)];
  }

  private ofCall(call: ModuleCall): readonly [number, number] {
    const inner = this.children(call.id).map((child) => this.digest(child));
    const [plain, shaped] = [inner.map(([one]) => one), inner.map(([, two]) => two)];
    return [this.numberOf(`${call.type}(${plain})`), this.numberOf(`${call.type}[${shaped}]`)];
  }

  private numberOf(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.numbers.size);
    return this.numbers.size - 1;
  }
}
