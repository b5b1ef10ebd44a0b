/** A curve that is sketched with the pointer, or knot by knot with the keyboard. */

import type { CurveForm, PredictionValue } from "../../messages/prediction";
import { make, makeSvg } from "../../parts/element";
import type { Answer } from "./answer";
import { HEIGHT, horizontalTicks, PLOT, shortNumber, VerticalAxis, WIDTH } from "./axes";
import { clamp, KNOTS, SketchLine } from "./sketch-line";

/** Knots that the left and right arrow keys move by. */
const STRIDE = 6;
/** Part of the axis that the up and down arrow keys move by, and Page up and Page down. */
const NUDGE = 1 / 24;
const LEAP = 1 / 6;
const HELP =
  "Draw from left to right with the pointer; draw over a part to change it. With the keyboard: " +
  "left and right choose a place, up and down set the height there, Delete removes it.";

export class SketchAnswer implements Answer {
  readonly element = make("div", { class: "sketch" });
  readonly request = "Sketch the curve first, from left to right.";
  readonly #svg: SVGSVGElement;
  readonly #path = makeSvg("polyline", { class: "line" });
  readonly #ends = makeSvg("polyline", { class: "guess" });
  readonly #cursor = makeSvg("circle", { class: "cursor", r: "5" });
  readonly #hint: SVGTextElement;
  readonly #clear = make("button", { type: "button", title: "Remove the whole sketch" }, "Clear");
  readonly #line = new SketchLine();
  readonly #axis: VerticalAxis;
  #knot = 0;
  #last: readonly [number, number] | null = null;
  #isClosed = false;

  constructor(
    private readonly form: CurveForm,
    private readonly onChange: () => void,
    signal: AbortSignal,
  ) {
    this.#axis = new VerticalAxis(form);
    this.#hint = this.#label((PLOT.left + PLOT.right) / 2, 116, "draw here", "middle");
    this.#svg = this.#frame();
    this.element.append(this.#svg, make("div", {}, this.#clear));
    this.#clear.addEventListener("click", () => this.#reset(), { signal });
    const listen = <K extends keyof SVGElementEventMap>(
      type: K,
      listener: (event: SVGElementEventMap[K]) => void,
    ) => this.#svg.addEventListener(type, listener, { signal });
    listen("pointerdown", (event) => this.#begin(event));
    listen("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const) listen(type, () => this.#end());
    listen("keydown", (event) => this.#press(event));
    for (const type of ["focus", "blur"] as const) listen(type, () => this.#draw());
    this.#draw();
  }

  value(): PredictionValue | null {
    if (!this.#line.isComplete) return null;
    const value = (fraction: number) => Number(this.#axis.valueAt(fraction).toPrecision(6));
    return this.#line.heights().map(value);
  }

  close(locked: PredictionValue | null): void {
    this.#isClosed = true;
    this.#line.clear();
    if (typeof locked === "object" && locked !== null) {
      this.#line.setAll(locked.map((height) => this.#axis.fractionOf(height)));
    }
    this.#clear.hidden = true;
    this.#hint.remove();
    this.#draw();
  }

  open(): void {
    this.#isClosed = false;
    this.#clear.hidden = false;
    this.#svg.append(this.#hint);
    this.#draw();
  }

  #frame(): SVGSVGElement {
    const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, tabindex: "0" });
    svg.style.touchAction = "none";
    const { left, top, right, bottom } = PLOT;
    const box = { x: left, y: top, width: right - left, height: bottom - top };
    svg.append(makeSvg("rect", { class: "plot", ...texts(box) }));
    for (const { at, text } of horizontalTicks(this.form)) {
      const x = left + at * (right - left);
      svg.append(makeSvg("path", { class: "tick", d: `M${x} ${bottom}v4` }));
      svg.append(this.#label(x, bottom + 17, text, "middle", "small"));
    }
    for (const { at, text } of this.#axis.ticks()) {
      const y = bottom - at * (bottom - top);
      svg.append(makeSvg("path", { class: "grid", d: `M${left} ${y}H${right}` }));
      svg.append(this.#label(left - 7, y + 4, text, "end", "small"));
    }
    svg.append(this.#label((left + right) / 2, HEIGHT - 6, this.form.x_label, "middle"));
    svg.append(this.#label(4, 16, this.form.y_label, "start"));
    svg.append(this.#ends, this.#path, this.#cursor, this.#hint);
    return svg;
  }

  #label(x: number, y: number, text: string, anchor: string, kind = "label"): SVGTextElement {
    return makeSvg("text", { ...texts({ x, y }), "text-anchor": anchor, class: kind }, text);
  }

  #begin(event: PointerEvent): void {
    if (this.#isClosed || event.button > 0) return;
    this.#last = null;
    this.#svg.setPointerCapture?.(event.pointerId);
    this.#svg.focus({ preventScroll: true });
    this.#extend(event);
    event.preventDefault();
  }

  #move(event: PointerEvent): void {
    if (this.#last === null) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) this.#extend(each);
  }

  #end(): void {
    if (this.#last === null) return;
    this.#last = null;
    this.onChange();
  }

  #extend(event: MouseEvent): void {
    const box = this.#svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / (box.width || 1)) * WIDTH;
    const y = ((event.clientY - box.top) / (box.height || 1)) * HEIGHT;
    const { left, top, right, bottom } = PLOT;
    const knot = clamp((x - left) / (right - left), 0, 1) * (KNOTS - 1);
    const to = [knot, clamp((bottom - y) / (bottom - top), 0, 1)] as const;
    this.#line.stroke(this.#last ?? to, to);
    this.#last = to;
    this.#knot = Math.round(knot);
    this.#draw();
  }

  #press(event: KeyboardEvent): void {
    if (this.#isClosed || event.ctrlKey || event.metaKey || event.altKey) return;
    const stride = event.shiftKey ? 1 : STRIDE;
    const actions: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#go(this.#knot - stride),
      ArrowRight: () => this.#go(this.#knot + stride),
      Home: () => this.#go(0),
      End: () => this.#go(KNOTS - 1),
      ArrowUp: () => this.#lift(NUDGE),
      ArrowDown: () => this.#lift(-NUDGE),
      PageUp: () => this.#lift(LEAP),
      PageDown: () => this.#lift(-LEAP),
      Delete: () => this.#remove(),
      Backspace: () => this.#remove(),
    };
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
    this.#draw();
  }

  #go(knot: number): void {
    this.#knot = clamp(knot, 0, KNOTS - 1);
  }

  #lift(by: number): void {
    this.#line.set(this.#knot, (this.#line.at(this.#knot) ?? 1 / 2) + by);
    this.onChange();
  }

  #remove(): void {
    this.#line.remove(this.#knot);
    this.onChange();
  }

  #reset(): void {
    this.#line.clear();
    this.#draw();
    this.onChange();
  }

  #draw(): void {
    const [first, last] = this.#line.isEmpty ? [0, -1] : this.#line.extent;
    this.#path.setAttribute("points", this.#points(first, last));
    this.#ends.setAttribute("points", this.#line.isEmpty ? "" : this.#points(0, KNOTS - 1));
    this.#hint.style.display = this.#line.isEmpty ? "" : "none";
    const isHere = document.activeElement === this.#svg && !this.#isClosed;
    this.#cursor.style.display = isHere ? "" : "none";
    const height = this.#line.at(this.#knot);
    const [x, y] = this.#position(this.#knot, height ?? 1 / 2);
    this.#cursor.setAttribute("cx", String(x));
    this.#cursor.setAttribute("cy", String(y));
    this.#describe(height);
  }

  #points(first: number, last: number): string {
    const knots = Array.from({ length: last - first + 1 }, (_, place) => first + place);
    return knots.map((knot) => this.#position(knot, this.#line.at(knot) ?? 0).join()).join(" ");
  }

  #position(knot: number, height: number): [number, number] {
    const { left, top, right, bottom } = PLOT;
    const x = left + (knot / (KNOTS - 1)) * (right - left);
    return [Number(x.toFixed(1)), Number((bottom - height * (bottom - top)).toFixed(1))];
  }

  /** A slider along the axis, whose value is the height at the chosen place. */
  #describe(height: number | null): void {
    const { x, x_label, y_label } = this.form;
    const [from = 0, to = 1] = x;
    const place = shortNumber(from + (this.#knot / (KNOTS - 1)) * (to - from));
    const value = height === null ? "nothing yet" : shortNumber(this.#axis.valueAt(height));
    const label = `Sketch of ${y_label} against ${x_label}.`;
    const attributes = {
      role: "slider",
      "aria-label": this.#isClosed ? label : `${label} ${HELP}`,
      "aria-disabled": String(this.#isClosed),
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": String(Math.round(100 * (height ?? 0))),
      "aria-valuetext": `at ${x_label} ${place}: ${value}`,
    };
    for (const [name, text] of Object.entries(attributes)) this.#svg.setAttribute(name, text);
    this.#svg.style.cursor = this.#isClosed ? "default" : "crosshair";
  }
}

function texts(numbers: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}
