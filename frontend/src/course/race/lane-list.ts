/** The list of the optimizers: learning rate, loss, gradient and state at the shown step. */

import type { HeldValues, RaceLane, RaceMap } from "../../messages/race";
import { makeSvg } from "../../parts/element";
import { markerOf, text } from "./looks";

interface LaneEvents {
  onRate(name: string, rate: number): void;
  /** Receives the names of the lanes that are not shown. */
  onShown(hidden: ReadonlySet<string>): void;
}

/** What the states of torch's optimizers mean. */
const MEANINGS: Readonly<Record<string, string>> = {
  gradient: "The gradient of the loss at this place",
  momentum_buffer: "The velocity of SGD: the gradients so far, older ones counting less",
  square_avg: "The running mean of the squared gradient",
  exp_avg: "The running mean of the gradient (first moment)",
  exp_avg_sq: "The running mean of the squared gradient (second moment)",
};
const SCALE = "The bars grow with the square root of the number.";

/** The list, and the names of the lanes that are hidden. */
export class LaneList {
  readonly element = document.createElement("div");
  private readonly hidden = new Set<string>();
  private rows: LaneRow[] = [];

  constructor(private readonly events: LaneEvents) {
    this.element.className = "race-lanes";
  }

  close(): void {
    for (const row of this.rows) row.close();
  }

  draw(lanes: readonly RaceLane[], map: RaceMap): void {
    const focused = this.rows.findIndex((row) => row.hasFocus());
    this.close();
    this.rows = lanes.map((lane, place) => new LaneRow(lane, place, map, this.events, this.hidden));
    this.element.replaceChildren(...this.rows.map((row) => row.element));
    this.rows[focused]?.focus();
  }

  show(step: number): void {
    for (const row of this.rows) row.show(step);
  }
}

class LaneRow {
  readonly element = document.createElement("div");
  private readonly loss = document.createElement("span");
  private readonly rate = document.createElement("input");
  private readonly scheduled = document.createElement("span");
  private readonly cells: NumberCell[];
  private readonly listeners = new AbortController();

  constructor(
    private readonly lane: RaceLane,
    place: number,
    private readonly map: RaceMap,
    events: LaneEvents,
    hidden: Set<string>,
  ) {
    this.element.className = "race-lane";
    this.element.dataset.lane = lane.name;
    this.loss.className = "race-loss";
    const shown = document.createElement("input");
    shown.type = "checkbox";
    shown.checked = !hidden.has(lane.name);
    shown.title = "Show this optimizer on the map";
    const name = document.createElement("label");
    const strong = document.createElement("strong");
    strong.textContent = lane.name;
    name.title = lane.kind;
    name.append(shown, swatch(place), strong);
    const head = document.createElement("div");
    head.className = "race-head";
    head.append(name, ...this.rateField(), this.loss);
    const gradient = { name: "gradient", values: lane.gradients };
    const names = [map.first.name, map.second.name] as const;
    this.cells = [gradient, ...lane.state].map((held) => new NumberCell(held, names));
    const cells = document.createElement("div");
    cells.className = "race-cells";
    cells.append(...this.cells.map((cell) => cell.element));
    this.element.append(head, cells);
    const { signal } = this.listeners;
    const onShown = () => {
      if (shown.checked) hidden.delete(lane.name);
      else hidden.add(lane.name);
      events.onShown(hidden);
    };
    shown.addEventListener("change", onShown, { signal });
    const onRate = () => this.readRate(events);
    this.rate.addEventListener("change", onRate, { signal });
    // JupyterLab's own handling of Enter leaves no event "change".
    const onKey = (event: KeyboardEvent) => event.key === "Enter" && this.readRate(events);
    this.rate.addEventListener("keydown", onKey, { signal });
  }

  close(): void {
    this.listeners.abort();
  }

  hasFocus(): boolean {
    return this.rate === document.activeElement;
  }

  focus(): void {
    this.rate.focus();
  }

  show(step: number): void {
    const { lane, map } = this;
    const last = lane.losses.length - 1;
    const at = Math.min(step, last);
    const [x, y] = [lane.places[2 * at] ?? 0, lane.places[2 * at + 1] ?? 0];
    const isOff =
      x < map.first.low || x > map.first.high || y < map.second.low || y > map.second.high;
    const ended = step > last && lane.ended ? lane.ended : isOff ? "off the map" : "";
    this.loss.textContent = `loss ${text(lane.losses[at] ?? Number.NaN)}${ended ? `, ${ended}` : ""}`;
    const isScheduled = lane.rates.some((rate) => rate !== lane.rates[0]);
    this.scheduled.textContent = isScheduled ? `now ${text(lane.rates[at] ?? 0)}` : "";
    for (const cell of this.cells) cell.show(at);
  }

  private readRate(events: LaneEvents): void {
    const rate = Number(this.rate.value);
    const isRate = this.rate.value !== "" && Number.isFinite(rate) && rate >= 0;
    if (!isRate) this.rate.value = String(this.lane.rate);
    else if (rate !== this.lane.rate) events.onRate(this.lane.name, rate);
  }

  private rateField(): HTMLElement[] {
    if (this.lane.rate === null) return [];
    this.rate.type = "number";
    this.rate.min = "0";
    this.rate.step = "any";
    this.rate.value = String(this.lane.rate);
    this.rate.title = "The learning rate; Enter runs the race again with this one";
    const label = document.createElement("label");
    label.append("lr", this.rate, this.scheduled);
    return [label];
  }
}

/** Two numbers of an optimizer, one per parameter, each with a bar. */
class NumberCell {
  readonly element = document.createElement("div");
  private readonly fills: HTMLElement[] = [];
  private readonly numbers: HTMLElement[] = [];
  private readonly largest: number;

  constructor(
    private readonly held: HeldValues,
    names: readonly [string, string],
  ) {
    this.largest = Math.max(1e-30, ...held.values.map((value) => Math.abs(value ?? 0)));
    const title = document.createElement("div");
    title.className = "race-cell-name";
    title.textContent = held.name;
    this.element.title = `${MEANINGS[held.name] ?? "A state of the optimizer"}. ${SCALE}`;
    this.element.className = "race-cell";
    this.element.append(title, ...names.flatMap((name) => this.row(name)));
  }

  show(step: number): void {
    for (const place of [0, 1] as const) {
      const value = this.held.values[2 * step + place] ?? null;
      const [fill, number] = [this.fills[place], this.numbers[place]];
      if (!fill || !number) continue;
      number.textContent = value === null ? "–" : text(value);
      const share = 50 * Math.sqrt(Math.abs(value ?? 0) / this.largest);
      fill.style.left = `${(value ?? 0) < 0 ? 50 - share : 50}%`;
      fill.style.width = `${share}%`;
    }
  }

  /** Returns the name, the bar and the number of a parameter. */
  private row(name: string): HTMLElement[] {
    const [label, scale, fill, number] = ["span", "span", "span", "span"].map((tag) =>
      document.createElement(tag),
    ) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
    label.textContent = name;
    label.title = name;
    scale.className = "race-scale";
    fill.className = "race-fill";
    scale.append(fill);
    this.fills.push(fill);
    this.numbers.push(number);
    return [label, scale, number];
  }
}

function swatch(place: number): SVGSVGElement {
  const made = makeSvg("svg", {
    viewBox: "-9 -9 18 18",
    width: 16,
    height: 16,
    "aria-hidden": "true",
  });
  made.append(markerOf(place));
  return made;
}
