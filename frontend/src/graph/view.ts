/**
 * The graph view: decides what is open, has it laid out, and keeps it coloured.
 *
 * A layout is made only for a new structure or a change of what is open; a
 * frame of a run that goes on changes colours alone.
 */

import type { GraphData } from "../protocol";
import type { RunSession } from "../session";
import { Colouring, normFact } from "./colouring";
import { Contents } from "./contents";
import type { Direction } from "./dot";
import { activeElement, html, svg } from "./elements";
import { Emphasis } from "./emphasis";
import { Explorer } from "./explore/explorer";
import { everything, MOST_VISIBLE, unfoldedAtFirst, visibleGraph } from "./fold";
import { Layouter, LayoutFailure } from "./layout";
import { Legend } from "./legend";
import { Measure } from "./measure";
import { type Norms, readNorms } from "./norms";
import { drawOutline } from "./outline";
import { directionFor, makePicture, type Picture } from "./picture";
import { type Rect, shifted } from "./placement";
import { followPointing } from "./pointing";
import type { Choices, Roll } from "./repeats/roll";
import { Sliders } from "./repeats/sliders";
import { Scene, type Thing } from "./scene";
import { StageHeight } from "./stage-height";
import { Past } from "./structure/past";
import { Toolbar } from "./toolbar";
import { Tooltip } from "./tooltip";
import { Viewport } from "./viewport";

const WAITING = "The graph appears with the first backward pass.";
const ENDED = "This run has recorded no graph.";
/** A layout that takes longer, in ms, is worth a word. */
const PATIENCE = 300;

let views = 0;

export interface GraphOptions {
  /** Whether everything is open at first, each pass by itself, as far as that can be drawn. */
  readonly unfolded?: boolean;
}

/** What a new layout is for. */
interface Aim {
  readonly open: ReadonlySet<string>;
  /** The module whose box stays where it is on the screen. */
  readonly anchor?: string;
  readonly fit?: boolean;
}

export class GraphView {
  private contents: Contents | null = null;
  /** Which passes are shown of what repeats itself. */
  private choices: Choices = new Map();
  private picture: Picture | null = null;
  /** What is open in the picture, and what is to be. */
  private open: ReadonlySet<string> = new Set();
  private wanted: ReadonlySet<string> = new Set();
  private norms: Norms = readNorms([], null);
  private attempt = 0;
  private wholeAsked = false;
  private pointed: { readonly thing: Thing; readonly group: SVGGElement } | null = null;

  private readonly explorer: Explorer;

  private readonly past: Past;
  private readonly stage = html("div", { class: "labkit-graph-stage" });
  private readonly sheet = svg("svg", { role: "group", width: "100%", height: "100%" });
  private readonly notice = html("div", { class: "labkit-graph-notice" });
  private readonly tooltip = new Tooltip(this.stage);
  private readonly legend = new Legend();
  private readonly colouring = new Colouring();
  private readonly emphasis = new Emphasis();
  private readonly height = new StageHeight(this.stage);
  private readonly sliders = new Sliders((roll, pass) => this.turn(roll, pass));
  private readonly scene: Scene;
  private readonly viewport: Viewport;
  private readonly toolbar: Toolbar;
  private readonly layouter: Layouter;
  private readonly listeners = new AbortController();
  private readonly resizes = new ResizeObserver(() => this.resized());
  private readonly unsubscribe: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    private readonly options: GraphOptions = {},
  ) {
    views += 1;
    const arrowhead = `labkit-graph-arrow-${views}`;
    root.classList.add("labkit-graph");
    root.setAttribute("data-labkit-view", "graph");
    // JupyterLab's own keys (A adds a cell) must not act while a box has the keyboard.
    this.stage.setAttribute("data-lm-suppress-shortcuts", "true");
    this.scene = new Scene(arrowhead);
    this.toolbar = new Toolbar(this.actions(), this.legend.element);
    this.sheet.append(this.scene.arrow, this.scene.world);
    this.stage.append(this.sheet, this.notice, this.tooltip.element);
    this.past = new Past(
      session,
      () => this.update(),
      (words) => this.toolbar.say(words),
    );
    root.replaceChildren(this.toolbar.element, this.past.element, this.sliders.element, this.stage);
    this.layouter = new Layouter(async () => new Worker(await session.asset("layout.js")));
    this.viewport = new Viewport(this.stage, this.scene.world, () => this.leave());
    this.explorer = new Explorer({
      scene: this.scene,
      viewport: this.viewport,
      contents: () => this.contents,
      edges: () => this.picture?.visible.edges ?? [],
      show: (choices, around) => this.unfoldAround(choices, around),
      say: (words) => this.toolbar.say(words),
    });
    followPointing(this.stage, this.scene, this.pointing(), this.listeners.signal);
    this.resizes.observe(this.stage);
    this.unsubscribe = session.subscribe(() => this.update());
    this.update();
  }

  /** Rings one node's box and tints those of others, and brings the first into view. */
  emphasise(current: string | null, done: ReadonlySet<string>): void {
    this.emphasis.set(current, done);
    const id = this.emphasis.show(this.scene, this.contents?.graph ?? null);
    const rect = id === null ? undefined : this.scene.rect(id);
    if (rect) this.viewport.reveal(rect);
  }

  close(): void {
    this.attempt += 1;
    this.unsubscribe();
    this.resizes.disconnect();
    this.listeners.abort();
    this.viewport.close();
    this.layouter.close();
    this.root.replaceChildren();
  }

  private actions() {
    return {
      fit: () => {
        this.wholeAsked = true;
        this.refit(true);
      },
      zoomIn: () => this.viewport.zoom(1.3),
      zoomOut: () => this.viewport.zoom(1 / 1.3),
      foldAll: () => this.contents && this.aim({ open: this.contents.openAtFirst(), fit: true }),
      unfoldAll: () =>
        this.contents && this.aim({ open: everything(this.contents.graph), fit: true }),
      cancel: () => this.layouter.cancel(),
      find: (words: string) => this.explorer.find(words),
    };
  }

  private pointing() {
    return {
      toggle: (id: string) => this.toggle(id),
      follow: (id: string | null) => this.explorer.toggle(id),
      point: (thing: Thing, group: SVGGElement) => this.point(thing, group),
      leave: () => this.leave(),
      reach: (thing: Thing) => {
        const rect = thing.type === "item" && this.scene.rect(thing.item.id);
        if (rect) this.viewport.reveal(rect);
      },
      dragging: () => this.viewport.dragged,
    };
  }

  /** Takes in whatever has changed in the session. */
  private update(): void {
    const graph = this.past.graph();
    if (!graph || graph.nodes.length === 0) {
      this.showWords(graph?.reason ?? this.absence());
      return;
    }
    if (graph.signature !== this.contents?.whole.signature) this.adopt(graph);
    this.recolour();
  }

  private absence(): string {
    const status = this.session.state?.status ?? "waiting";
    const going = status === "waiting" || status === "running" || status === "paused";
    return this.session.problem ?? (going ? WAITING : ENDED);
  }

  private adopt(graph: GraphData): void {
    const contents = Contents.of(graph, this.options.unfolded ? null : this.choices);
    this.contents = contents;
    const first = this.options.unfolded ? unfoldedAtFirst(graph) : contents.openAtFirst();
    this.past.adopt(contents);
    this.sheet.setAttribute("aria-label", contents.summary());
    this.aim({ open: contents.opened(this.wanted, first), fit: !this.viewport.touched });
  }

  private toggle(id: string): void {
    if (!this.contents) return;
    const open = new Set(this.wanted);
    if (!open.delete(id)) open.add(id);
    const count = this.contents.fits(open);
    if (count === null) {
      this.aim({ open, anchor: id });
      return;
    }
    const name = this.contents.nameOf(id);
    this.toolbar.say(
      `${name} stays folded: the graph would have ${count} boxes; at most ${MOST_VISIBLE} are drawn.`,
    );
  }

  /** Shows another pass of what repeats itself, or all of them. */
  private async turn(roll: Roll, pass: number | "all"): Promise<void> {
    if (!this.contents) return;
    const choices = new Map([...this.choices, [roll.key, pass] as const]);
    const contents = this.contents.with(choices);
    const count = contents.fits(this.wanted);
    if (count !== null) {
      const limit = `at most ${MOST_VISIBLE} are drawn`;
      this.toolbar.say(`All passes would be ${count} boxes; ${limit}. Fold other modules first.`);
      return;
    }
    this.choices = choices;
    this.contents = contents;
    const anchor = roll.pass === null ? roll.key : roll.box;
    await this.aim({ open: contents.opened(this.wanted, new Set()), anchor });
  }

  /** Opens what is around something, in the passes where it is; false where that is too much. */
  private async unfoldAround(choices: Choices, around: string): Promise<boolean> {
    if (!this.contents) return false;
    const contents = this.contents.with(choices);
    const open = new Set([...this.wanted, ...contents.around(contents.idOf(around))]);
    if (contents.fits(open) !== null) return false;
    this.choices = choices;
    this.contents = contents;
    await this.aim({ open });
    return true;
  }

  /** Has the picture made for what is to be open, and shows it. */
  private async aim(aim: Aim): Promise<void> {
    const { contents } = this;
    if (!contents) return;
    this.attempt += 1;
    const { attempt } = this;
    this.wanted = aim.open;
    const visible = visibleGraph(contents.graph, aim.open);
    if (contents.fits(aim.open) !== null) {
      this.showList(
        `The graph is too large to lay out: more than ${MOST_VISIBLE} boxes outside its modules.`,
        false,
      );
      return;
    }
    const patience = setTimeout(() => this.sayBusy(true), PATIENCE);
    const direction = this.directionNow();
    try {
      const measure = new Measure(getComputedStyle(this.stage).fontFamily || "sans-serif");
      const made = await makePicture(
        visible,
        contents.labels,
        measure,
        this.layouter,
        direction,
        this.stage.clientWidth,
      );
      if (attempt === this.attempt) this.show(made, aim);
    } catch (error) {
      if (attempt === this.attempt) this.failed(error);
    } finally {
      clearTimeout(patience);
      if (attempt === this.attempt) this.toolbar.offerCancel(false);
    }
  }

  private show(made: Picture, aim: Aim): void {
    const { contents } = this;
    if (!contents) return;
    const old = aim.anchor === undefined ? undefined : this.scene.rect(aim.anchor);
    const placed = aim.anchor === undefined ? undefined : made.placement.boxes.get(aim.anchor);
    const placement =
      old && placed ? shifted(made.placement, old.x - placed.x, old.y - placed.y) : made.placement;
    const refocus = this.scene.world.contains(activeElement(this.root)) ? aim.anchor : undefined;
    const first = this.picture === null;
    this.leave();
    this.notice.replaceChildren();
    this.toolbar.enable(true);
    this.toolbar.limitUnfolding(contents.tooMany);
    this.scene.show(
      made.visible,
      placement,
      made.sizes,
      contents.labels,
      originOf(old, aim, this.open),
    );
    this.picture = { ...made, placement };
    this.open = aim.open;
    this.height.suit(placement.bounds, !(aim.fit || first));
    if (aim.fit || first) this.fit(!first);
    else if (aim.anchor !== undefined) this.holdOn(aim.anchor);
    this.emphasis.show(this.scene, contents.graph);
    this.sliders.update(contents.rolls, (id) => this.scene.rect(id) !== undefined);
    this.toolbar.say(this.past.mark(this.scene));
    this.explorer.show();
    if (refocus !== undefined) this.scene.focusTarget(refocus)?.focus({ preventScroll: true });
    this.recolour();
  }

  /** The place was chosen by the person: it is kept, unless nothing could be seen there. */
  private holdOn(id: string): void {
    const rect = this.scene.rect(id);
    this.viewport.touched = true;
    if (rect && !this.viewport.sees(rect)) this.viewport.reveal(rect);
  }

  private failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!this.picture) {
      const late = error instanceof LayoutFailure && error.reason === "deadline";
      const what = late ? "The graph is too large to lay out" : "The graph is not laid out";
      this.showList(`${what}: ${why}.`, true);
      return;
    }
    this.wanted = this.open;
    this.toolbar.say(`The picture stays as it was: ${why}.`);
  }

  private recolour(): void {
    if (!this.picture) return;
    const { blocks, cursor, state } = this.session;
    this.norms = readNorms(blocks, cursor, this.contents?.tied());
    if (this.colouring.paint(this.scene.things, this.norms)) {
      this.legend.show(this.colouring.scale.decades);
    }
    const step = cursor ?? state?.step ?? this.contents?.whole.step;
    if (step !== null && step !== undefined)
      this.root.setAttribute("data-labkit-step", String(step));
    if (this.pointed) this.point(this.pointed.thing, this.pointed.group);
  }

  private fit(moving: boolean): void {
    if (this.picture) this.viewport.fit(this.picture.placement.bounds, !this.wholeAsked, moving);
  }

  /** Fits the picture, laid out anew where the stage has turned from wide to high or back. */
  private refit(moving: boolean): void {
    if (this.directionNow() === this.picture?.direction) this.fit(moving);
    else this.aim({ open: this.wanted, fit: true });
  }

  private resized(): void {
    if (!this.picture || this.viewport.touched) return;
    this.refit(false);
  }

  private directionNow(): Direction {
    return directionFor(this.stage.clientWidth, this.stage.clientHeight);
  }

  private point(thing: Thing, group: SVGGElement): void {
    if (!this.contents || this.viewport.dragging) return;
    this.pointed = { thing, group };
    const { labels } = this.contents;
    const facts =
      thing.type === "item"
        ? labels.factsOfItem(thing.item)
        : labels.factsOfModule(thing.container.module);
    this.tooltip.show([...facts, ...normFact(thing, this.norms)], group);
  }

  private leave(): void {
    this.pointed = null;
    this.tooltip.hide();
  }

  private sayBusy(offerCancel: boolean): void {
    this.toolbar.say("Laying out the graph…");
    this.toolbar.offerCancel(offerCancel);
  }

  private showWords(words: string): void {
    this.forgetPicture();
    this.contents = null;
    this.toolbar.enable(false);
    if (this.notice.textContent === words) return;
    this.notice.replaceChildren(html("p", {}, words));
  }

  private showList(why: string, retry: boolean): void {
    if (!this.contents) return;
    const { graph, labels } = this.contents;
    this.forgetPicture();
    this.toolbar.enable(false);
    this.toolbar.say("");
    const again = html("button", { type: "button" }, "Lay out again");
    again.addEventListener("click", () => this.aim({ open: this.wanted, fit: true }));
    const words = graph.modules.length ? `${why} Here is the list of its modules instead.` : why;
    const list = drawOutline(graph, labels);
    this.notice.replaceChildren(html("p", {}, words), ...(retry ? [again] : []), list);
  }

  private forgetPicture(): void {
    this.leave();
    this.scene.clear();
    this.sliders.update([], () => false);
    this.picture = null;
  }
}

/** Where new boxes come from: out of the box that was just opened. */
function originOf(old: Rect | undefined, aim: Aim, open: ReadonlySet<string>): Rect | null {
  const opened = aim.anchor !== undefined && !open.has(aim.anchor);
  return opened && old ? old : null;
}
