/** The direct children of each module call in execution order, and the repeats among them. */

import type { GraphData, GraphNode, ModuleCall } from "../../../messages/graph";
import { isOperation, ModuleTree } from "../structure/module-tree";
import { aligned } from "./alignment";
import { findLoops } from "./loops";
import { findRepeatedSections } from "./repeated-sections";

/** An operation or a module call. */
export interface Child {
  readonly id: string;
  readonly call: ModuleCall | null;
}

/** Passes with the same sequence of children. */
export interface Repeat {
  /** The first child in each slot. */
  readonly slots: readonly Child[];
  /** For each pass, the child in each slot; null where the pass has none. */
  readonly passes: readonly (readonly (Child | null)[])[];
  /** The child that identifies the repeat. */
  readonly key: Child;
  /** The first pass that is like most others. */
  readonly typical: number;
}

/** Minimum number of passes of a single operation; fewer are usual in sums. */
const MIN_OPERATION_PASSES = 8;
const MIN_PASSES = 4;

export class ChildrenByCall {
  private readonly childrenOf = new Map<string, Child[]>();
  private readonly nodes: ReadonlyMap<string, GraphNode>;
  private readonly failed: ReadonlySet<string>;
  private readonly numbers = new Map<string, number>();
  private readonly digests = new Map<string, readonly [plain: number, shaped: number]>();

  constructor(graph: GraphData) {
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    const scopes = new ModuleTree(graph);
    this.failed = scopes.failedCalls();
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

  /** Returns the counterparts of the children of a call in a similar call, by their ids. */
  counterparts(scope: string, other: string): ReadonlyMap<string, Child> {
    const [children, others] = [this.children(scope), this.children(other)];
    const places = aligned(children.map(this.kindOf), others.map(this.kindOf));
    return new Map(
      children.flatMap((child, index) => {
        const place = places[index];
        const counterpart = place === null || place === undefined ? undefined : others[place];
        return counterpart ? [[child.id, counterpart] as const] : [];
      }),
    );
  }

  /** Returns the repeats among the children of a call. */
  repeats(scope: string): readonly Repeat[] {
    const loops = this.loops(scope);
    const inLoops = new Set(loops.flatMap(({ passes }) => passes.flat().map((child) => child?.id)));
    return [...loops, ...this.sections(scope, inLoops)];
  }

  /** Returns the loops: calls of a module with weights, and what repeats between them. */
  private loops(scope: string): readonly Repeat[] {
    const children = this.children(scope);
    const elements = children.map((child) => ({
      key: this.kindOf(child),
      path: this.isShared(child) ? (child.call?.path ?? null) : null,
    }));
    return findLoops(elements).map(({ passes: indices, anchor }) => {
      const childAt = (index: number | null) => (index === null ? null : (children[index] ?? null));
      const passes = indices.map((pass) => pass.map(childAt));
      const slots = (passes[0] ?? []).flatMap((_, slot) => {
        const first = passes.find((pass) => pass[slot])?.[slot];
        return first ? [first] : [];
      });
      const key = slots[anchor] ?? { id: "", call: null };
      return { slots, passes, key, typical: this.typicalPass(passes) };
    });
  }

  /** Whether a child is a call of a module whose weights other calls may use, too. */
  private isShared({ id, call }: Child): boolean {
    return call !== null && call.parameters > 0 && !this.failed.has(id);
  }

  /** Returns the first of the passes whose children, and theirs, are like those of most others. */
  private typicalPass(passes: Repeat["passes"]): number {
    const keys = passes.map((pass) => pass.map((child) => child && this.digest(child)[0]).join());
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return keys.findIndex((key) => counts.get(key) === most);
  }

  /** Returns the repeated sections of the children that are in no loop. */
  private sections(scope: string, inLoops: ReadonlySet<string | undefined>): readonly Repeat[] {
    const children = this.children(scope);
    const apart = (child: Child, number: number) =>
      inLoops.has(child.id) ? this.numberOf(child.id) : number;
    const byModule = children.map((child) => apart(child, this.moduleNumber(child)));
    const byShape = children.map((child) => apart(child, this.digest(child)[1]));
    const least = (start: number, period: number) =>
      period === 1 && children[start]?.call === null ? MIN_OPERATION_PASSES : MIN_PASSES;
    return findRepeatedSections([byModule, byShape], least).flatMap(({ start, period, count }) => {
      const passes = Array.from({ length: count }, (_, pass) =>
        children.slice(start + pass * period, start + (pass + 1) * period),
      );
      const [slots] = passes;
      const key = slots?.[0];
      return slots && key ? [{ slots, passes, key, typical: 0 }] : [];
    });
  }

  /** Returns a number that is the same for equal operations, and for calls of the same class. */
  private readonly kindOf = ({ id, call }: Child): number => {
    if (this.failed.has(id) || this.nodes.get(id)?.kind === "failed") return this.numberOf(id);
    return this.numberOf(call ? `call of ${call.type}` : `${this.nodes.get(id)?.op}`);
  };

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
