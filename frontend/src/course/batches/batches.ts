/**
 * The traced data loader of the course: the samples of the dataset, the batches as they arrived, and
 * what each process did when. An index can be followed through all epochs.
 */

import type { BatchesState, TracedBatch } from "../../messages/batches";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering } from "../../parts/widget";
import {
  batchOf,
  type Colouring,
  columnsOf,
  drawGrid,
  drawLanes,
  drawRows,
  endOf,
  type Scene,
} from "./drawing";
import { STYLE } from "./style";

/** The part of the widget's model that the view uses. */
export interface BatchesModel {
  get<T extends keyof BatchesState>(trait: T): BatchesState[T];
}

/** How long an epoch takes to be played. */
const PLAYING_MS = 4000;
/** Before the width is known, in px. */
const DEFAULT_ROOM = 660;
const MIN_ROOM = 300;
const HELP =
  "Point at a sample to find it in its batch, and click to follow it through the epochs. With the " +
  "keyboard: arrow keys move, Escape lets go.";

/** Draws the trace; returns its clean-up. */
export const render = rendering((model: BatchesModel, root) => new BatchesView(model, root));

class BatchesView {
  private readonly frame = document.createElement("div");
  private readonly grid = figure("The dataset, by index", "tall");
  private readonly rows = figure("What the loop got", "tall");
  private readonly lanes = figure("Who did what, and when (dashed: the loop waits)", "");
  private readonly slider = document.createElement("input");
  private readonly reading = document.createElement("p");
  private readonly epochName = document.createElement("span");
  private readonly back = button("‹", "The epoch before");
  private readonly next = button("›", "The next epoch");
  private readonly play = button("Play", "Show the epoch again, slowly");
  private readonly colourings: [Colouring, HTMLButtonElement][];
  private readonly unguard: () => void;
  private readonly resizes?: ResizeObserver;
  private room = DEFAULT_ROOM;
  private epoch = 0;
  private now = Number.POSITIVE_INFINITY;
  private colouring: Colouring = "batch";
  private pointed: number | null = null;
  private pinned: number | null = null;
  private animation = 0;

  constructor(
    private readonly model: BatchesModel,
    private readonly root: HTMLElement,
  ) {
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.frame.className = "labkit-batches";
    this.frame.dataset.labkitView = "batches";
    this.colourings = this.possibleColourings().map((each) => [
      each,
      button(each, `Colour the samples by ${each}`),
    ]);
    const drawings = document.createElement("div");
    drawings.className = "drawings";
    drawings.append(this.grid.frame, this.rows.frame);
    this.reading.setAttribute("role", "status");
    this.prepareSlider();
    this.frame.append(this.bar(), drawings, this.lanes.frame, this.slider, this.reading);
    this.listen();
    root.replaceChildren(style, this.frame);
    this.unguard = guardShortcuts(this.frame);
    this.draw();
    if (typeof ResizeObserver !== "undefined") {
      this.resizes = new ResizeObserver(() => this.fit());
      this.resizes.observe(this.frame);
    }
    if (mayMove()) this.start();
  }

  close(): void {
    cancelAnimationFrame(this.animation);
    this.resizes?.disconnect();
    this.unguard();
    this.root.replaceChildren();
  }

  private get batches(): readonly TracedBatch[] {
    return this.model.get("epochs")[this.epoch] ?? [];
  }

  private possibleColourings(): Colouring[] {
    const found: Colouring[] = ["batch"];
    if (this.model.get("workers") > 0) found.push("worker");
    if (this.model.get("labels").length > 0) found.push("class");
    return found;
  }

  private bar(): HTMLElement {
    const bar = document.createElement("div");
    bar.className = "bar";
    const epochs = document.createElement("span");
    epochs.append(this.back, this.epochName, this.next);
    const colours = document.createElement("span");
    colours.append("colours:", ...this.colourings.map(([, each]) => each));
    if (this.colourings.length < 2) colours.hidden = true;
    bar.append(epochs, this.play, colours);
    return bar;
  }

  private prepareSlider(): void {
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.max = "1000";
    this.slider.title = "Go to any moment of the epoch";
    this.slider.setAttribute("aria-label", "Moment of the epoch");
    this.slider.addEventListener("input", () => {
      this.halt();
      this.now = (Number(this.slider.value) / 1000) * endOf(this.batches);
      this.draw();
    });
  }

  private listen(): void {
    this.back.addEventListener("click", () => this.turn(-1));
    this.next.addEventListener("click", () => this.turn(1));
    this.play.addEventListener("click", () => (this.animation ? this.pause() : this.start()));
    for (const [colouring, each] of this.colourings) {
      each.addEventListener("click", () => {
        this.colouring = colouring;
        this.draw();
      });
    }
    for (const { content } of [this.grid, this.rows]) {
      content.addEventListener("pointerover", (event) => this.point(indexAt(event)));
      content.addEventListener("pointerleave", () => this.point(null));
      content.addEventListener("click", (event) => this.pin(indexAt(event)));
    }
    this.grid.content.tabIndex = 0;
    this.grid.content.setAttribute("role", "group");
    this.grid.content.setAttribute("aria-label", `The samples of the dataset. ${HELP}`);
    this.grid.content.addEventListener("keydown", (event) => this.press(event));
  }

  private fit(): void {
    const room = Math.max(MIN_ROOM, this.frame.clientWidth);
    if (room === this.room) return;
    this.room = room;
    this.draw();
  }

  private turn(by: number): void {
    const last = this.model.get("epochs").length - 1;
    this.epoch = Math.min(last, Math.max(0, this.epoch + by));
    this.now = Number.POSITIVE_INFINITY;
    this.start();
  }

  private point(index: number | null): void {
    if (index === this.pointed) return;
    this.pointed = index;
    this.draw();
  }

  private pin(index: number | null): void {
    this.pinned = index === this.pinned ? null : index;
    this.draw();
  }

  private press(event: KeyboardEvent): void {
    const columns = columnsOf(this.model.get("size"));
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
    };
    const by = moves[event.key];
    if (by !== undefined) {
      const at = this.pinned === null ? 0 : this.pinned + by;
      if (at >= 0 && at < this.model.get("size")) this.pinned = at;
    } else if (event.key === "Escape") this.pinned = null;
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  /** Plays the epoch from the moment that is shown, or from its start if that is its end. */
  private start(): void {
    cancelAnimationFrame(this.animation);
    const end = endOf(this.batches);
    if (!mayMove()) {
      this.halt();
      this.now = Number.POSITIVE_INFINITY;
      this.draw();
      return;
    }
    const from = this.now < end ? this.now / end : 0;
    const begin = performance.now() - from * PLAYING_MS;
    const show = () => {
      const share = (performance.now() - begin) / PLAYING_MS;
      this.now = share < 1 ? share * end : Number.POSITIVE_INFINITY;
      this.animation = share < 1 ? requestAnimationFrame(show) : 0;
      this.draw();
    };
    show();
  }

  private pause(): void {
    this.halt();
    this.draw();
  }

  private halt(): void {
    cancelAnimationFrame(this.animation);
    this.animation = 0;
  }

  private draw(): void {
    const scene: Scene = {
      size: this.model.get("size"),
      labels: this.model.get("labels"),
      workers: this.model.get("workers"),
      epoch: this.batches,
      room: this.room,
      now: this.now,
      colouring: this.colouring,
      followed: this.pointed ?? this.pinned,
    };
    this.grid.content.replaceChildren(drawGrid(scene));
    this.rows.content.replaceChildren(drawRows(scene));
    this.lanes.content.replaceChildren(drawLanes(scene));
    const epochs = this.model.get("epochs").length;
    this.epochName.textContent = `epoch ${this.epoch + 1} of ${epochs}`;
    this.back.disabled = this.epoch === 0;
    this.next.disabled = this.epoch >= epochs - 1;
    this.slider.value = String(Math.min(1000, (this.now / endOf(this.batches)) * 1000));
    for (const [colouring, each] of this.colourings) {
      each.setAttribute("aria-pressed", String(colouring === this.colouring));
    }
    this.play.textContent = this.animation ? "Pause" : "Play";
    this.read(scene.followed);
  }

  private read(index: number | null): void {
    this.reading.textContent = index === null ? HELP : this.story(index);
  }

  private story(index: number): string {
    const label = this.model.get("labels")[index];
    const parts = this.model.get("epochs").map((epoch, number) => {
      const place = batchOf(epoch, index);
      const batch = epoch[place];
      if (!batch) return `epoch ${number + 1}: in no batch`;
      const times = epoch.flatMap((each) => each.indices).filter((each) => each === index).length;
      const often = times > 1 ? `, ${times} times in this epoch` : "";
      const by = batch.worker === null ? "" : `, worker ${batch.worker}`;
      return `epoch ${number + 1}: batch ${place}${by}, place ${batch.indices.indexOf(index)}${often}`;
    });
    return `Index ${index}${label === undefined ? "" : `, class ${label}`}. ${parts.join("; ")}.`;
  }
}

function mayMove(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches === false;
}

function indexAt(event: Event): number | null {
  const index = event.target instanceof Element && event.target.getAttribute("data-index");
  return index ? Number(index) : null;
}

function button(words: string, help: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = words;
  element.title = help;
  if (words.length === 1) element.setAttribute("aria-label", help);
  return element;
}

function figure(caption: string, kind: string): { frame: HTMLElement; content: HTMLElement } {
  const frame = document.createElement("figure");
  const words = document.createElement("figcaption");
  const content = document.createElement("div");
  words.textContent = caption;
  content.className = kind;
  frame.append(words, content);
  return { frame, content };
}

export default { render };
