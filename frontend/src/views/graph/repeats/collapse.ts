/**
 * Rolls up what repeats itself: of the passes that are alike one is shown.
 *
 * Whichever pass that is, its boxes have the ids of the first one's, so that going from pass to
 * pass moves nothing; names, shapes and colours are those of the pass shown.
 */

import type { GraphData, GraphNode } from "../../../protocol";
import type {
  Choices,
  Roll,
  RolledCall,
  RolledEdge,
  RolledGraph,
} from "../structure/collapsed-graph";
import { CallTree, type Child, type Repeat } from "./call-tree";

/** One pass that something is in. */
interface Turn {
  readonly key: string;
  readonly pass: number;
  readonly last: boolean;
  readonly shown: boolean;
}

type Address = readonly Turn[];

const NOWHERE: Address = [];

/** A graph that repeats itself, and its rolled up forms. */
export class Repeats {
  private readonly tree: CallTree;
  private readonly found = new Map<string, readonly Repeat[]>();

  constructor(readonly graph: GraphData) {
    this.tree = new CallTree(graph);
  }

  rolled(choices: Choices): Rolled {
    return new Rolled(this.graph, this.tree, (scope) => this.in(scope), choices);
  }

  private in(scope: string): readonly Repeat[] {
    const known = this.found.get(scope) ?? this.tree.repeats(scope);
    this.found.set(scope, known);
    return known;
  }
}

/** One rolled up form, and where everything of the whole graph is in it. */
export class Rolled {
  readonly graph: RolledGraph;
  readonly rolls: Roll[] = [];
  /** Every operation and call: its id in the rolled up graph. */
  private readonly ids = new Map<string, string>();
  /** Of what is drawn: its id in the whole graph. */
  private readonly wholes = new Map<string, string>();
  private readonly addresses = new Map<string, Address>();
  private readonly calls = new Map<string, RolledCall>();
  /** For a part of a pass that has a box of its own: that box. */
  private readonly parents = new Map<string, string>();

  constructor(
    whole: GraphData,
    private readonly tree: CallTree,
    private readonly repeats: (scope: string) => readonly Repeat[],
    private readonly choices: Choices,
  ) {
    this.walk("", "", null, NOWHERE);
    this.graph = this.rolls.length === 0 ? whole : this.redraw(whole);
  }

  /** The id under which something of the whole graph is drawn, when its pass is shown. */
  idOf(id: string): string {
    return this.ids.get(id) ?? id;
  }

  /** The id in the whole graph of a node that is drawn. */
  wholeOf(id: string): string {
    return this.wholes.get(id) ?? id;
  }

  /** The choices that show something of the whole graph. */
  choicesFor(id: string): Choices {
    const turns = (this.addresses.get(id) ?? NOWHERE).filter((turn) => !turn.shown);
    return new Map([...this.choices, ...turns.map(({ key, pass }) => [key, pass] as const)]);
  }

  /** Takes in what is inside a shown call; `first` is its counterpart in the first pass. */
  private walk(scope: string, first: string, parent: string | null, address: Address): void {
    const counterparts = this.tree.children(first);
    const places = new Map(this.tree.children(scope).map((child, place) => [child.id, place]));
    const counterpart = (child: Child) => counterparts[places.get(child.id) ?? 0] ?? child;
    const rolled = new Set<string>();
    for (const repeat of this.repeats(scope)) {
      for (const pass of repeat.passes) for (const child of pass) rolled.add(child.id);
      this.roll(repeat, counterpart, parent, address);
    }
    for (const child of this.tree.children(scope)) {
      if (!rolled.has(child.id)) this.keep(child, counterpart(child), parent, address);
    }
  }

  private roll(
    repeat: Repeat,
    counterpart: (child: Child) => Child,
    parent: string | null,
    address: Address,
  ): void {
    const start = repeat.passes[0] ?? [];
    const key = start[0] ? counterpart(start[0]).id : "";
    const choice = this.choices.get(key) ?? 0;
    const count = repeat.passes.length;
    const pass = choice === "all" ? null : Math.min(choice, count - 1);
    const alone = start.length === 1 && start[0]?.call ? counterpart(start[0]).id : null;
    const box = alone ?? `${key}/passes`;
    const roll = { key, box, passes: count, pass, words: wordsOf(start) };
    this.rolls.push(roll);
    if (pass === null) {
      for (const each of repeat.passes)
        for (const child of each) this.keep(child, counterpart(child), parent, address);
      return;
    }
    const turn = (number: number): Address => [
      ...address,
      { key, pass: number, last: number === count - 1, shown: number === pass },
    ];
    const shown = repeat.passes[pass] ?? [];
    shown.forEach((child, slot) => {
      const first = counterpart(start[slot] ?? child);
      this.keep(child, first, alone ? parent : box, turn(pass));
      if (!alone && child.call === null) this.parents.set(child.id, box);
    });
    const call = alone ? this.calls.get(alone) : passCall(box, parent, pass);
    if (call) this.calls.set(box, { ...call, roll });
    repeat.passes.forEach((hidden, number) => {
      if (number === pass) return;
      hidden.forEach((child, slot) => {
        this.mirror(child, shown[slot] ?? child, turn(number));
        if (!alone && child.call === null) this.parents.set(child.id, box);
      });
    });
  }

  private keep(child: Child, first: Child, parent: string | null, address: Address): void {
    this.ids.set(child.id, first.id);
    this.addresses.set(child.id, address);
    if (child.call === null) return;
    this.calls.set(first.id, { ...child.call, id: first.id, parent });
    this.walk(child.id, first.id, first.id, address);
  }

  /** What is not shown goes by the ids of what is. */
  private mirror(hidden: Child, shown: Child, address: Address): void {
    this.ids.set(hidden.id, this.idOf(shown.id));
    this.addresses.set(hidden.id, address);
    const children = this.tree.children(hidden.id);
    const counterparts = this.tree.children(shown.id);
    const turns = this.turnsWithin(hidden.id, children, counterparts);
    children.forEach((child, place) => {
      const turn = turns.get(child.id);
      this.mirror(child, counterparts[place] ?? child, turn ? [...address, turn] : address);
    });
  }

  /** The pass that each child of something hidden is in, where there are passes in there too. */
  private turnsWithin(
    scope: string,
    children: readonly Child[],
    counterparts: readonly Child[],
  ): ReadonlyMap<string, Turn> {
    const turns = new Map<string, Turn>();
    for (const { passes } of this.repeats(scope)) {
      const start = children.findIndex((child) => child.id === passes[0]?.[0]?.id);
      const key = this.idOf(counterparts[start]?.id ?? "");
      const choice = this.choices.get(key) ?? 0;
      passes.forEach((members, pass) => {
        const last = pass === passes.length - 1;
        const turn = { key, pass, last, shown: choice === "all" || choice === pass };
        for (const member of members) turns.set(member.id, turn);
      });
    }
    return turns;
  }

  private redraw(whole: GraphData): RolledGraph {
    const { nodes, names } = this.nodes(whole);
    const modules = [...this.calls.values()];
    return { ...whole, nodes, modules, edges: this.edges(whole, names) };
  }

  /** The nodes that are drawn, and under which name each node of the whole graph is drawn. */
  private nodes(whole: GraphData): { nodes: GraphNode[]; names: Map<string, string> } {
    const neighbours = new Map<string, string[]>();
    for (const { source, target } of whole.edges) {
      for (const [one, other] of [
        [source, target],
        [target, source],
      ] as const)
        neighbours.set(one, [...(neighbours.get(one) ?? []), other]);
    }
    const names = new Map<string, string>();
    const taken = new Set<string>();
    const nodes: GraphNode[] = [];
    for (const node of whole.nodes) {
      const isOperation = node.kind === "op";
      const near = neighbours.get(node.id) ?? [];
      const seen = isOperation
        ? this.isShown(node.id)
        : near.length === 0 || near.some((id) => this.isDrawnWith(id, node.kind));
      if (isOperation) names.set(node.id, this.idOf(node.id));
      if (!seen && !isOperation) this.hide(node.id, near);
      if (!seen) continue;
      const scope = this.parents.get(node.id) ?? this.idOf(node.scope);
      const wanted = isOperation ? this.idOf(node.id) : renamed(node.id, this.idOf(node.scope));
      const id = taken.has(wanted) ? node.id : wanted;
      taken.add(id);
      names.set(node.id, id);
      this.ids.set(node.id, id);
      this.wholes.set(id, node.id);
      nodes.push({ ...node, id, scope });
    }
    return { nodes, names };
  }

  /** A leaf that is not drawn is where the operation is that it belongs to. */
  private hide(id: string, near: readonly string[]): void {
    const address = near.map((other) => this.addresses.get(other)).find(Boolean);
    if (address) this.addresses.set(id, address);
  }

  private isShown(id: string): boolean {
    return (this.addresses.get(id) ?? NOWHERE).every((turn) => turn.shown);
  }

  /** Whether a leaf or an output is drawn for the sake of an operation next to it. */
  private isDrawnWith(id: string, kind: GraphNode["kind"]): boolean {
    const turns = this.addresses.get(id) ?? NOWHERE;
    return turns.every((turn) => turn.shown || (kind === "output" && turn.last));
  }

  private edges(whole: GraphData, names: ReadonlyMap<string, string>): RolledEdge[] {
    const made = new Map<string, RolledEdge>();
    for (const edge of whole.edges) {
      const [source, target] = [names.get(edge.source), names.get(edge.target)];
      if (source === undefined || target === undefined) continue;
      const where = this.addresses.get(edge.source);
      const whither = this.addresses.get(edge.target);
      const meeting = where && whither ? meet(where, whither) : "apart";
      if (meeting === "hidden" || source === target) continue;
      const key = JSON.stringify([source, target]);
      const known = made.get(key);
      const loop = meeting === "loop";
      if (!known || (known.loop && !loop))
        made.set(key, { ...edge, source, target, ...(loop ? { loop } : {}) });
    }
    return [...made.values()];
  }
}

/** How two operations stand to each other: in one pass, seen or not, in two, or elsewhere. */
function meet(one: Address, other: Address): "hidden" | "loop" | "apart" {
  for (const [depth, turn] of one.entries()) {
    const there = other[depth];
    if (there?.key !== turn.key) return "apart";
    if (there.pass !== turn.pass) return "loop";
    if (!turn.shown) return "hidden";
  }
  return "apart";
}

/** "h.3#1/weight:0" as one of "h.0#1". */
function renamed(id: string, scope: string): string {
  return `${scope}${id.slice(id.indexOf("/"))}`;
}

function wordsOf(pass: readonly Child[]): string {
  const names = pass.map((child) => child.call?.type ?? operationOf(child.id));
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.slice(0, 3).join(", ")}${more}`;
}

function operationOf(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1).replace(/:\d+$/, "");
}

/** A box for a pass that is no single module's call. */
function passCall(id: string, parent: string | null, pass: number): RolledCall {
  const type = `pass ${pass + 1}`;
  return {
    id,
    path: id,
    call: 1,
    type,
    parent,
    parameters: 0,
    source: null,
    seconds: null,
    made: true,
  };
}
