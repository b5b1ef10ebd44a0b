/** The graph that is drawn, what repeats itself in it rolled up, and what is open. */

import type { GraphData } from "../../../protocol";
import { Repeats, type Rolled } from "../repeats/collapse";
import type { Choices, Roll, RolledGraph } from "../structure/collapsed-graph";
import { Scopes } from "../structure/module-calls";
import { moduleName } from "../structure/text";
import { type Compared, type Difference, difference } from "./difference";
import { type Face, Labels } from "./labels";
import { withGhosts } from "./removed-nodes";
import { countVisible, everything, MAX_VISIBLE, openAtFirst, visibleGraph } from "./visible-graph";

export class Contents {
  /** What is drawn: with the ghosts of what was there before. */
  readonly graph: RolledGraph;
  /** The same without ghosts. */
  readonly plain: RolledGraph;
  readonly rolls: readonly Roll[];
  /** The names of each parameter that has several. */
  readonly tied: readonly (readonly string[])[];
  /** What is different from the graph before; null where there was none. */
  readonly change: Difference | null;
  readonly labels: Labels;
  /** Why not all modules can be unfolded; null when they can. */
  readonly tooMany: string | null;

  private constructor(
    /** As it was recorded. */
    readonly whole: GraphData,
    private readonly repeats: Repeats | null,
    private readonly rolled: Rolled | null,
    readonly face: Face,
    private readonly before: Compared | null,
  ) {
    this.plain = rolled?.graph ?? whole;
    this.rolls = rolled?.rolls ?? [];
    this.change = before && difference(before, this);
    this.graph =
      before && this.change ? withGhosts(before.plain, this.plain, this.change.gone) : this.plain;
    this.tied = whole.nodes.map((node) => node.parameters).filter((names) => names.length > 1);
    this.labels = new Labels(this.graph, whole, face);
    const all = countVisible(visibleGraph(this.graph, everything(this.graph)));
    const reason = `All modules unfolded are ${all} boxes; at most ${MAX_VISIBLE} are drawn.`;
    this.tooMany = all > MAX_VISIBLE ? reason : null;
  }

  /** With `choices` null nothing is rolled up. */
  static of(
    whole: GraphData,
    choices: Choices | null,
    face: Face = "forward",
    before: Compared | null = null,
  ): Contents {
    const repeats = choices && new Repeats(whole);
    const rolled = repeats && choices && repeats.rolled(choices);
    // Only what is compared is kept of the graph before, or one would keep all before it.
    const compared = before && { plain: before.plain, rolls: before.rolls };
    return new Contents(whole, repeats, rolled, face, compared);
  }

  /** The same graph with other passes shown. */
  with(choices: Choices): Contents {
    const rolled = this.repeats?.rolled(choices) ?? null;
    return new Contents(this.whole, this.repeats, rolled, this.face, this.before);
  }

  /** The same graph seen from another side. */
  seenFrom(face: Face): Contents {
    return new Contents(this.whole, this.repeats, this.rolled, face, this.before);
  }

  /** The choices that show something of the whole graph. */
  choicesFor(id: string): Choices {
    return this.rolled?.choicesFor(id) ?? new Map();
  }

  /** The id under which something of the whole graph is drawn. */
  idOf(id: string): string {
    return this.rolled?.idOf(id) ?? id;
  }

  /** The id in the whole graph of a node that is drawn. */
  wholeOf(id: string): string {
    return this.rolled?.wholeOf(id) ?? id;
  }

  /** "Computation graph of Net: 3 modules, 15 operations" */
  summary(): string {
    return new Labels(this.whole).summary();
  }

  /** What is open at first, together with what was open before as far as that can be drawn. */
  opened(before: ReadonlySet<string>, first: ReadonlySet<string>): ReadonlySet<string> {
    const known = new Set(this.graph.modules.map((module) => module.id));
    const both = new Set([...first, ...[...before].filter((id) => known.has(id))]);
    return this.fits(both) === null ? both : first;
  }

  /** The calls around something drawn, outermost first. */
  around(id: string): readonly string[] {
    const scopes = new Scopes(this.graph);
    const own = scopes.call(id);
    const scope = own ? own.id : (this.graph.nodes.find((node) => node.id === id)?.scope ?? "");
    const chain = scopes.chain(scope).map((call) => call.id);
    return own ? chain.slice(0, -1) : chain;
  }

  /** How many boxes there are with these calls open, where that is too many; else null. */
  fits(open: ReadonlySet<string>): number | null {
    const count = countVisible(visibleGraph(this.graph, open));
    return count > MAX_VISIBLE ? count : null;
  }

  openAtFirst(): ReadonlySet<string> {
    return openAtFirst(this.graph);
  }

  /** Whether something of this id is in the graph, and no ghost. */
  has(id: string): boolean {
    const named = (each: { readonly id: string }) => each.id === id;
    return this.plain.nodes.some(named) || this.plain.modules.some(named);
  }

  /** The name of any box. */
  wordsFor(id: string): string {
    const node = this.graph.nodes.find((each) => each.id === id);
    return node ? (node.parameters[0] ?? node.op) : this.nameOf(id);
  }

  nameOf(id: string): string {
    const module = this.graph.modules.find((each) => each.id === id);
    return module ? moduleName(module) : id;
  }
}
