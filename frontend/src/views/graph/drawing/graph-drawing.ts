/**
 * The picture on the stage: has it laid out, shows it, and says so when that fails.
 *
 * A layout is made only for a new structure or a change of what is open.
 */

import type { LayOut } from "../layout/compose";
import type { Direction } from "../layout/dot";
import { directionFor, makePicture, type Picture } from "../layout/graph-layout";
import { DEADLINE, Layouter, LayoutFailure, type LayoutWorker } from "../layout/layout-client";
import { LevelCache } from "../layout/level-cache";
import { Measure } from "../layout/measure";
import { type Rect, shifted } from "../layout/placement";
import type { Contents } from "../model/shown-graph";
import { MAX_VISIBLE, visibleGraph } from "../model/visible-graph";
import { activeElement, html, svg } from "./elements";
import { drawOutline } from "./module-list";
import { Scene } from "./scene";
import { StageHeight } from "./stage-height";
import { Viewport } from "./viewport";

/** A layout that takes longer, in ms, is worth a word. */
const PATIENCE = 300;

let drawings = 0;

/** What a new layout is for. */
export interface Aim {
  readonly open: ReadonlySet<string>;
  /** The module whose box stays where it is on the screen, and out of which new boxes come. */
  readonly anchor?: string;
  /** A box that stays where it is, while others come and go. */
  readonly still?: string;
  readonly fit?: boolean;
}

/** What the drawing tells the view that it is part of. */
export interface Listener {
  /** Another picture is on the stage. */
  shown(contents: Contents): void;
  /** There is no picture any more. */
  cleared(): void;
  moved(): void;
  say(words: string): void;
  busy(offerCancel: boolean): void;
}

export class Drawing {
  readonly stage = html("div", { class: "labkit-graph-stage" });
  readonly scene: Scene;
  readonly viewport: Viewport;
  picture: Picture | null = null;
  /** What is to be open, and in the picture is so or will be. */
  wanted: ReadonlySet<string> = new Set();
  private open: ReadonlySet<string> = new Set();
  private attempt = 0;
  private wholeAsked = false;
  private readonly sheet = svg("svg", { role: "group", width: "100%", height: "100%" });
  private readonly notice = html("div", { class: "labkit-graph-notice" });
  private readonly height = new StageHeight(this.stage);
  private readonly layouter: Layouter;
  private readonly levels = new LevelCache();

  constructor(
    private readonly listener: Listener,
    makeWorker: () => Promise<LayoutWorker>,
  ) {
    drawings += 1;
    // JupyterLab's own keys (A adds a cell) must not act while a box has the keyboard.
    this.stage.setAttribute("data-lm-suppress-shortcuts", "true");
    this.scene = new Scene(`labkit-graph-arrow-${drawings}`);
    this.sheet.append(this.scene.arrow, this.scene.world);
    this.stage.append(this.sheet, this.notice);
    this.layouter = new Layouter(makeWorker);
    this.viewport = new Viewport(this.stage, this.scene.world, () => listener.moved());
  }

  describe(words: string): void {
    this.sheet.setAttribute("aria-label", words);
  }

  close(): void {
    this.attempt += 1;
    this.viewport.close();
    this.layouter.close();
  }

  cancel(): void {
    this.layouter.cancel();
  }

  /** Has the picture made for what is to be open, and shows it. */
  async aim(contents: Contents, aim: Aim): Promise<void> {
    this.attempt += 1;
    const { attempt } = this;
    this.wanted = aim.open;
    if (contents.fits(aim.open) !== null) {
      const limit = `more than ${MAX_VISIBLE} boxes outside its modules`;
      this.list(contents, `The graph is too large to lay out: ${limit}.`, false);
      return;
    }
    const patience = setTimeout(() => this.listener.busy(true), PATIENCE);
    try {
      const measure = new Measure(getComputedStyle(this.stage).fontFamily || "sans-serif");
      const made = await makePicture(
        visibleGraph(contents.graph, aim.open),
        contents.labels,
        measure,
        this.layOut(attempt),
        this.directionNow(),
        this.stage.clientWidth,
      );
      if (attempt === this.attempt) this.show(contents, made, aim);
    } catch (error) {
      if (attempt === this.attempt) this.failed(contents, error);
    } finally {
      clearTimeout(patience);
      if (attempt === this.attempt) this.listener.busy(false);
    }
  }

  /** Lays out levels for one attempt, all of them together within the deadline. */
  private layOut(attempt: number): LayOut {
    const latest = performance.now() + DEADLINE;
    return (dot) => {
      if (attempt !== this.attempt)
        return Promise.reject(new LayoutFailure("cancelled", "another picture was asked for"));
      if (performance.now() > latest) {
        const seconds = DEADLINE / 1000;
        const message = `the layout took longer than ${seconds} s`;
        return Promise.reject(new LayoutFailure("deadline", message));
      }
      return this.levels.get(dot, (source) => this.layouter.layout(source));
    };
  }

  /** Fits all of the picture into the stage, however small that makes it. */
  fitWhole(contents: Contents | null): void {
    this.wholeAsked = true;
    this.refit(contents, true);
  }

  /** Fits the picture, laid out anew where the stage has turned from wide to high or back. */
  refit(contents: Contents | null, moving: boolean): void {
    if (!contents || !this.picture) return;
    if (this.directionNow() === this.picture.direction) this.fit(moving);
    else this.aim(contents, { open: this.wanted, fit: true });
  }

  /** The box nearest to the middle of what is seen, of those that are wanted. */
  nearest(isWanted: (id: string) => boolean): string | undefined {
    const seen = this.viewport.seen();
    const middle = { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
    let best: { readonly id: string; readonly far: number } | undefined;
    for (const [, thing] of this.scene.things) {
      if (thing.type !== "item" || !isWanted(thing.item.id)) continue;
      const rect = this.scene.rect(thing.item.id);
      if (!rect) continue;
      const [x, y] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
      const far = Math.hypot(x - middle.x, y - middle.y);
      if (!best || far < best.far) best = { id: thing.item.id, far };
    }
    return best?.id;
  }

  /** Shows words in the place of a picture. */
  words(words: string): void {
    this.clear();
    if (this.notice.textContent !== words) this.notice.replaceChildren(html("p", {}, words));
  }

  private show(contents: Contents, made: Picture, aim: Aim): void {
    const held = aim.anchor ?? aim.still;
    const old = held === undefined ? undefined : this.scene.rect(held);
    const placed = held === undefined ? undefined : made.placement.boxes.get(held);
    const placement =
      old && placed ? shifted(made.placement, old.x - placed.x, old.y - placed.y) : made.placement;
    const focused = this.scene.world.contains(activeElement(this.stage));
    const first = this.picture === null;
    this.notice.replaceChildren();
    const origin = originOf(old, aim, this.open);
    this.scene.face = contents.face;
    this.scene.show(made.visible, placement, made.sizes, contents.labels, origin);
    this.picture = { ...made, placement };
    this.open = aim.open;
    this.height.suit(placement.bounds, !(aim.fit || first));
    if (aim.fit || first) this.fit(!first);
    else if (aim.anchor !== undefined) this.holdOn(aim.anchor);
    if (focused && aim.anchor !== undefined)
      this.scene.focusTarget(aim.anchor)?.focus({ preventScroll: true });
    this.listener.shown(contents);
  }

  /** The place was chosen by the person: it is kept, unless nothing could be seen there. */
  private holdOn(id: string): void {
    const rect = this.scene.rect(id);
    this.viewport.touched = true;
    if (rect && !this.viewport.sees(rect)) this.viewport.reveal(rect);
  }

  private failed(contents: Contents, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (!this.picture) {
      const late = error instanceof LayoutFailure && error.reason === "deadline";
      const what = late ? "The graph is too large to lay out" : "The graph is not laid out";
      this.list(contents, `${what}: ${why}.`, true);
      return;
    }
    this.wanted = this.open;
    this.listener.say(`The picture stays as it was: ${why}.`);
  }

  private fit(moving: boolean): void {
    if (this.picture) this.viewport.fit(this.picture.placement.bounds, !this.wholeAsked, moving);
  }

  private directionNow(): Direction {
    return directionFor(this.stage.clientWidth, this.stage.clientHeight);
  }

  /** The modules as a list, for what cannot be laid out. */
  private list(contents: Contents, why: string, retry: boolean): void {
    const { graph, labels } = contents;
    this.clear();
    this.listener.say("");
    const again = html("button", { type: "button" }, "Lay out again");
    again.addEventListener("click", () => this.aim(contents, { open: this.wanted, fit: true }));
    const words = graph.modules.length ? `${why} Here is the list of its modules instead.` : why;
    const list = drawOutline(graph, labels);
    this.notice.replaceChildren(html("p", {}, words), ...(retry ? [again] : []), list);
  }

  private clear(): void {
    this.scene.clear();
    this.picture = null;
    this.listener.cleared();
  }
}

/** Where new boxes come from: out of the box that was just opened. */
function originOf(old: Rect | undefined, aim: Aim, open: ReadonlySet<string>): Rect | null {
  const opened = aim.anchor !== undefined && !open.has(aim.anchor);
  return opened && old ? old : null;
}
