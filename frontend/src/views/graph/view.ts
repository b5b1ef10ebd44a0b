/**
 * The graph view: joins the drawing with what explains it and what it is steered by.
 *
 * A frame of a run that goes on changes colours alone.
 */

import { ViewSettings } from "../../parts/view-settings";
import type { GraphData } from "../../protocol";
import type { DrawView, RunSession } from "../../session";
import { NodeColouring } from "./colouring/node-colouring";
import { mark } from "./drawing/difference-marks";
import { html } from "./drawing/elements";
import { type Aim, Drawing } from "./drawing/graph-drawing";
import { Minimap } from "./drawing/minimap";
import type { Thing } from "./drawing/scene";
import { Tooltip } from "./drawing/tooltip";
import { Emphasis } from "./drawing/walk-marks";
import { exportPicture, type Format } from "./export/export-drawing";
import { words } from "./model/difference";
import type { Face } from "./model/labels";
import { Contents } from "./model/shown-graph";
import { everything, MAX_VISIBLE, unfoldedAtFirst } from "./model/visible-graph";
import { Explorer } from "./navigator";
import { Details } from "./panels/details-panel";
import { Help } from "./panels/help-panel";
import { subjectOf } from "./panels/node-details";
import { Sliders } from "./panels/pass-sliders";
import { Past } from "./panels/structure-selection";
import { Toolbar } from "./panels/toolbar";
import { followPointing } from "./stage-events";
import type { Choices, Roll } from "./structure/collapsed-graph";

const GOING: ReadonlySet<string> = new Set(["waiting", "running", "pausing", "paused"]);
const WAITING = "The graph appears with the first backward pass.";
const ENDED = "This run has recorded no graph.";

/** Draws the computation graph of a run, folded into its modules and coloured by its gradients. */
export const drawGraph: DrawView = (root, session) => {
  const view = new GraphView(root, session);
  return () => view.close();
};

export interface GraphOptions {
  /**
   * Whether the graph stands beside something that explains it: then everything is open at
   * first, each pass by itself, as far as that can be drawn, and there is no side panel.
   */
  readonly accompanied?: boolean;
}

export class GraphView {
  private contents: Contents | null = null;
  /** Which passes are shown of what repeats itself. */
  private choices: Choices = new Map();
  private face: Face = "forward";
  private pointed: { readonly thing: Thing; readonly group: SVGGElement } | null = null;

  private readonly settings: ViewSettings;
  private readonly drawing: Drawing;
  private readonly explorer: Explorer;
  private readonly past: Past;
  private readonly tint = new NodeColouring(() => this.recolour());
  private readonly emphasis = new Emphasis();
  private readonly sliders = new Sliders((roll, pass) => this.turn(roll, pass));
  private readonly tooltip: Tooltip;
  private readonly minimap = new Minimap();
  private readonly help = new Help();
  private readonly details: Details;
  private readonly toolbar: Toolbar;
  private readonly listeners = new AbortController();
  private readonly resizes = new ResizeObserver(() => this.resized());
  private readonly unsubscribe: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    private readonly options: GraphOptions = {},
  ) {
    this.settings = new ViewSettings(session.runId);
    root.classList.add("labkit-graph");
    root.setAttribute("data-labkit-view", "graph");
    this.toolbar = new Toolbar(this.actions(), this.tint.legend.element, options);
    this.drawing = new Drawing(
      {
        shown: (contents) => this.shown(contents),
        cleared: () => this.cleared(),
        moved: () => this.moved(),
        say: (said) => this.toolbar.say(said),
        busy: (offerCancel) => this.busy(offerCancel),
      },
      async () => new Worker(await session.asset("layout.js")),
    );
    const { scene, stage, viewport } = this.drawing;
    this.tooltip = new Tooltip(stage);
    stage.append(this.tooltip.element);
    this.details = new Details(
      (name) => session.inspect(name),
      () => this.toolbar.pressDetails(false),
    );
    const say = (said: string) => this.toolbar.say(said);
    this.past = new Past(session, () => this.update(), say);
    this.explorer = new Explorer({
      scene,
      viewport,
      contents: () => this.contents,
      edges: () => this.drawing.picture?.visible.edges ?? [],
      show: (choices, around) => this.unfoldAround(choices, around),
      say,
    });
    const deck = html("div", { class: "labkit-graph-deck" });
    deck.append(stage, this.minimap.element, this.help.element, this.details.element);
    root.replaceChildren(this.toolbar.element, this.past.element, this.sliders.element, deck);
    followPointing(stage, scene, this.pointing(), this.listeners.signal);
    this.resizes.observe(stage);
    this.unsubscribe = session.subscribe((change) => {
      if (change !== "selection") this.update();
      else if (session.selected !== null) this.explorer.find(session.selected);
    });
    this.update();
  }

  /** Rings one node's box and tints those of others, and brings the first into view. */
  emphasise(current: string | null, done: ReadonlySet<string>): void {
    const { scene, viewport } = this.drawing;
    this.emphasis.set(current, done);
    const id = this.emphasis.show(scene, this.contents?.graph ?? null);
    const rect = id === null ? undefined : scene.rect(id);
    if (rect) viewport.reveal(rect);
  }

  close(): void {
    this.unsubscribe();
    this.resizes.disconnect();
    this.listeners.abort();
    this.drawing.close();
    this.root.replaceChildren();
  }

  private actions() {
    return {
      fit: () => this.drawing.fitWhole(this.contents),
      zoomIn: () => this.drawing.viewport.zoom(1.3),
      zoomOut: () => this.drawing.viewport.zoom(1 / 1.3),
      foldAll: () => this.contents && this.aim({ open: this.contents.openAtFirst(), fit: true }),
      unfoldAll: () =>
        this.contents && this.aim({ open: everything(this.contents.graph), fit: true }),
      cancel: () => this.drawing.cancel(),
      find: (sought: string) => this.explorer.find(sought),
      turnTo: (face: Face) => this.turnTo(face),
      details: () => (this.details.open ? this.details.close() : this.explain(null)),
      copy: (format: Format) => this.copy(format),
      help: () => this.help.toggle(),
    };
  }

  private pointing() {
    return {
      toggle: (id: string) => this.toggle(id),
      follow: (id: string | null) => {
        this.explorer.toggle(id);
        const thing = id === null ? undefined : this.drawing.scene.thing(id);
        if (!thing || this.options.accompanied) return;
        this.explain(thing);
        const rect = id === null ? undefined : this.drawing.scene.rect(id);
        if (rect) this.drawing.viewport.reveal(rect, this.details.element.offsetWidth);
      },
      point: (thing: Thing, group: SVGGElement) => this.point(thing, group),
      leave: () => this.leave(),
      escape: () => {
        this.details.close();
        this.help.hide();
      },
      reach: (thing: Thing) => {
        const { scene, viewport } = this.drawing;
        const rect = thing.type === "item" && scene.rect(thing.item.id);
        if (rect) viewport.reveal(rect);
      },
      dragging: () => this.drawing.viewport.dragged,
    };
  }

  /** Takes in whatever has changed in the session. */
  private update(): void {
    const graph = this.past.graph();
    if (!graph || graph.nodes.length === 0) {
      this.contents = null;
      this.drawing.words(graph?.reason ?? this.absence());
      return;
    }
    if (graph.signature !== this.contents?.whole.signature) this.adopt(graph);
    this.recolour();
  }

  private absence(): string {
    const status = this.session.state?.status ?? "waiting";
    const going = GOING.has(status);
    return this.session.problem ?? (going ? WAITING : ENDED);
  }

  private adopt(graph: GraphData): void {
    const { accompanied } = this.options;
    const contents = Contents.of(
      graph,
      accompanied ? null : this.choices,
      this.face,
      this.contents,
    );
    this.contents = contents;
    const first = accompanied ? unfoldedAtFirst(graph) : this.openBefore(contents);
    this.drawing.describe(contents.summary());
    const open = contents.opened(this.drawing.wanted, first);
    if (!this.drawing.viewport.touched) {
      this.aim({ open, fit: true });
      return;
    }
    const still = this.drawing.nearest((id) => contents.has(id));
    this.aim({ open, ...(still === undefined ? {} : { still }) });
  }

  private async aim(aim: Aim): Promise<void> {
    if (!this.contents) return;
    if (!this.options.accompanied) this.settings.set("graph open", JSON.stringify([...aim.open]));
    await this.drawing.aim(this.contents, aim);
  }

  /** What was open when the view was last made for this run; at first what has little in it. */
  private openBefore(contents: Contents): ReadonlySet<string> {
    const kept = this.settings.get("graph open");
    const open = new Set<string>(kept === null ? [] : JSON.parse(kept));
    const known = [...open].some((id) => contents.has(id));
    return known && contents.fits(open) === null ? open : contents.openAtFirst();
  }

  private toggle(id: string): void {
    if (!this.contents) return;
    const open = new Set(this.drawing.wanted);
    if (!open.delete(id)) open.add(id);
    const count = this.contents.fits(open);
    if (count === null) {
      const thing = this.details.open ? this.drawing.scene.thing(id) : undefined;
      if (thing) this.explain(thing);
      this.aim({ open, anchor: id });
      return;
    }
    const name = this.contents.nameOf(id);
    this.toolbar.say(
      `${name} stays folded: the graph would have ${count} boxes; at most ${MAX_VISIBLE} are drawn.`,
    );
  }

  /** Shows another pass of what repeats itself, or all of them. */
  private async turn(roll: Roll, pass: number | "all"): Promise<void> {
    if (!this.contents) return;
    const choices = new Map([...this.choices, [roll.key, pass] as const]);
    const contents = this.contents.with(choices);
    const count = contents.fits(this.drawing.wanted);
    if (count !== null) {
      const limit = `at most ${MAX_VISIBLE} are drawn`;
      this.toolbar.say(`All passes would be ${count} boxes; ${limit}. Fold other modules first.`);
      return;
    }
    this.choices = choices;
    this.contents = contents;
    const anchor = roll.pass === null ? roll.key : roll.box;
    await this.aim({ open: contents.opened(this.drawing.wanted, new Set()), anchor });
  }

  private turnTo(face: Face): void {
    this.face = face;
    this.contents = this.contents?.seenFrom(face) ?? null;
    this.aim({ open: this.drawing.wanted });
  }

  /** Opens what is around something, in the passes where it is; false where that is too much. */
  private async unfoldAround(choices: Choices, id: string): Promise<boolean> {
    if (!this.contents) return false;
    const contents = this.contents.with(choices);
    const open = new Set([...this.drawing.wanted, ...contents.around(contents.idOf(id))]);
    if (contents.fits(open) !== null) return false;
    this.choices = choices;
    this.contents = contents;
    await this.aim({ open });
    return true;
  }

  private shown(contents: Contents): void {
    const { scene, picture, viewport } = this.drawing;
    this.leave();
    this.toolbar.enable(true);
    this.toolbar.limitUnfolding(contents.tooMany);
    this.emphasis.show(scene, contents.graph);
    this.sliders.update(contents.rolls, (id) => scene.rect(id) !== undefined);
    mark(scene, contents.change);
    this.toolbar.say(contents.change ? words(contents.change) : "");
    this.explorer.show();
    if (picture) this.minimap.draw(picture.visible, picture.placement, viewport);
    this.recolour();
  }

  private cleared(): void {
    this.leave();
    this.toolbar.enable(false);
    this.sliders.update([], () => false);
    this.minimap.hide();
  }

  private recolour(): void {
    const { contents, session } = this;
    const { scene, picture } = this.drawing;
    if (!picture || !contents) return;
    this.tint.update(scene, contents, session);
    const step = session.cursor ?? session.state?.step ?? contents.whole.step;
    if (step !== null && step !== undefined)
      this.root.setAttribute("data-labkit-step", String(step));
    if (this.pointed) this.point(this.pointed.thing, this.pointed.group);
    const thing = this.details.subject === null ? null : scene.thing(this.details.subject);
    if (thing) this.explain(thing);
  }

  private resized(): void {
    if (this.drawing.viewport.touched) this.minimap.follow();
    else this.drawing.refit(this.contents, false);
  }

  private moved(): void {
    this.leave();
    this.minimap.follow();
  }

  private factsOf(thing: Thing, contents: Contents, all: boolean) {
    const { labels } = contents;
    const facts =
      thing.type === "item"
        ? labels.factsOfItem(thing.item)
        : labels.factsOfModule(thing.container.module);
    return [...facts, ...this.tint.facts(thing, all)];
  }

  private point(thing: Thing, group: SVGGElement): void {
    if (!this.contents || this.drawing.viewport.dragging) return;
    this.pointed = { thing, group };
    this.tooltip.show(this.factsOf(thing, this.contents, false), group);
  }

  private leave(): void {
    this.pointed = null;
    this.tooltip.hide();
  }

  /** Shows something in the side panel; null opens it for what comes. */
  private explain(thing: Thing | null): void {
    const { contents } = this;
    const edges = this.drawing.picture?.visible.edges ?? [];
    this.toolbar.pressDetails(true);
    this.details.show(
      thing && contents
        ? subjectOf(thing, contents, edges, this.factsOf(thing, contents, true))
        : null,
    );
  }

  private async copy(format: Format): Promise<void> {
    const { picture, scene, stage } = this.drawing;
    if (!picture || !this.contents) return;
    this.toolbar.say(await exportPicture(format, picture, this.contents.labels, scene, stage));
  }

  private busy(offerCancel: boolean): void {
    if (offerCancel) this.toolbar.say("Laying out the graph…");
    this.toolbar.offerCancel(offerCancel);
  }
}
