/** A place on a picture, clicked or chosen with the keyboard. */

import type { PlaceForm, PredictionValue } from "../../messages/prediction";
import { make, makeSvg } from "../../parts/element";
import type { Answer } from "./answer";
import { shortNumber } from "./axes";
import { clamp } from "./sketch-line";

/** Part of the picture that an arrow key moves by, if it has no cells. */
const STRIDE = 1 / 20;
const HELP = "Click the place. With the keyboard: arrow keys move, Enter marks the place.";

type Point = readonly [x: number, y: number];

export class PlaceAnswer implements Answer {
  readonly element = make("div", { class: "place" });
  readonly request = "Click a place on the picture first.";
  readonly #board = make("div", { class: "board", role: "application", tabindex: "0" });
  readonly #marks = makeSvg("svg", { class: "marks", "aria-hidden": "true" });
  readonly #ring = makeSvg("svg", { overflow: "visible" });
  readonly #cursor = makeSvg("svg", { overflow: "visible" });
  readonly #words = make("p", { class: "words", role: "status" });
  /** In coordinates of the picture. */
  #at: Point;
  #chosen: Point | null = null;
  #isClosed = false;

  constructor(
    private readonly form: PlaceForm,
    private readonly onChange: () => void,
    signal: AbortSignal,
  ) {
    this.#at = this.#snapped(1 / 2, 1 / 2);
    this.#ring.append(makeSvg("circle", { class: "ring", r: "10" }));
    this.#cursor.append(makeSvg("path", { class: "cursor", d: "M-9 0H9M0 -9V9" }));
    this.#marks.append(this.#ring, this.#cursor);
    this.#board.append(picture(form), this.#marks);
    this.#board.setAttribute("aria-roledescription", "picture to click");
    this.element.append(this.#board, this.#words);
    const listen = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) => this.#board.addEventListener(type, listener, { signal });
    listen("click", (event) => this.#click(event));
    listen("keydown", (event) => this.#press(event));
    for (const type of ["focus", "blur"] as const) listen(type, () => this.#draw());
    this.#draw();
  }

  value(): PredictionValue | null {
    return this.#chosen;
  }

  close(locked: PredictionValue | null): void {
    this.#isClosed = true;
    const [x, y] = typeof locked === "object" && locked !== null ? locked : [];
    this.#chosen = x === undefined || y === undefined ? null : [x, y];
    this.#draw();
  }

  open(): void {
    this.#isClosed = false;
    this.#draw();
  }

  #click(event: MouseEvent): void {
    if (this.#isClosed) return;
    const box = this.#board.getBoundingClientRect();
    const across = (event.clientX - box.left) / (box.width || 1);
    const down = (event.clientY - box.top) / (box.height || 1);
    this.#at = this.#snapped(clamp(across, 0, 1), clamp(down, 0, 1));
    this.#choose();
  }

  #press(event: KeyboardEvent): void {
    if (this.#isClosed || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Readonly<Record<string, Point>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (move) this.#go(move);
    else if (event.key === "Enter" || event.key === " ") this.#choose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #go([right, down]: Point): void {
    const [across, below] = this.#fractions(this.#at);
    const { x, y, cells } = this.form;
    const stride = (ends: readonly number[]) => (cells ? 1 / Math.abs(span(ends)) : STRIDE);
    this.#at = this.#snapped(
      clamp(across + right * stride(x), 0, 1),
      clamp(below + down * stride(y), 0, 1),
    );
    this.#draw();
  }

  #choose(): void {
    this.#chosen = this.#at;
    this.#draw();
    this.onChange();
  }

  /** Returns the coordinates of a place that is given by fractions from the left and the top. */
  #snapped(across: number, down: number): Point {
    const { x, y, cells } = this.form;
    const at = (ends: readonly number[], part: number) => {
      const value = (ends[0] ?? 0) + part * span(ends);
      if (!cells) return Number(value.toPrecision(4));
      const [low, high] = [Math.min(...ends), Math.max(...ends)];
      return clamp(Math.round(value), Math.ceil(low), Math.floor(high));
    };
    return [at(x, across), at(y, 1 - down)];
  }

  #fractions([right, up]: Point): Point {
    const { x, y } = this.form;
    return [(right - (x[0] ?? 0)) / span(x), ((y[1] ?? 1) - up) / span(y)];
  }

  #draw(): void {
    const isHere = document.activeElement === this.#board && !this.#isClosed;
    this.#put(this.#cursor, isHere ? this.#at : null);
    this.#put(this.#ring, this.#chosen);
    const cursor = isHere && this.#chosen !== this.#at ? `At ${words(this.form, this.#at)}.` : "";
    const chosen = this.#chosen ? `Marked: ${words(this.form, this.#chosen)}.` : "";
    this.#words.textContent = `${chosen} ${cursor}`.trim() || "Nothing is marked yet.";
    const help = this.#isClosed ? "" : HELP;
    this.#board.setAttribute("aria-label", `${this.form.description}. ${help}`.trim());
    this.#board.setAttribute("aria-disabled", String(this.#isClosed));
    this.#board.style.cursor = this.#isClosed ? "default" : "crosshair";
  }

  #put(mark: SVGElement, point: Point | null): void {
    mark.style.display = point ? "" : "none";
    if (!point) return;
    const [across, down] = this.#fractions(point);
    // In percent of the board, which is as large as the picture.
    mark.setAttribute("x", `${100 * across}%`);
    mark.setAttribute("y", `${100 * down}%`);
  }
}

function words({ names, numbered, x }: PlaceForm, point: Point): string {
  if (numbered) return `${numbered} ${point[1] * Math.abs(Math.round(span(x))) + point[0]}`;
  return names
    .flatMap((name, place) => (name ? [`${name} ${shortNumber(point[place] ?? 0)}`] : []))
    .join(", ");
}

function span(ends: readonly number[]): number {
  return (ends[1] ?? 1) - (ends[0] ?? 0);
}

/** The picture as elements, so that it has the colours of the page; its text if it is none. */
function picture(form: PlaceForm): Node {
  const parsed = new DOMParser().parseFromString(form.picture, "image/svg+xml").documentElement;
  if (parsed.tagName !== "svg") return document.createTextNode(form.description);
  const svg = document.importNode(parsed, true);
  for (const script of svg.querySelectorAll("script, foreignObject")) script.remove();
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
