/**
 * The training loop of the course whose lines can be switched off. The kernel trains with all lines
 * and without those that are off; the page draws both runs over each other.
 */

import type { LoopCurves, LoopQuery, LoopState, LoopSwitched } from "../../messages/loop";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { COLOURS, drawChart, lastStep, seriesNames, shown, valueAt } from "./chart";
import { drawCode } from "./code";
import { STYLE } from "./style";

/** The part of the widget's model that the view uses. */
export type LoopModel = WidgetModel<LoopState, LoopSwitched>;

const EVENTS = ["change:answered", "change:off", "change:runs", "change:said"] as const;
const WAITING = waitingText("Training …");
/** How long the curves take to be drawn. */
const DRAWING_MS = 1800;

/** Draws the loop; returns its clean-up. */
export const render = rendering((model: LoopModel, root) => new LoopView(model, root));

class LoopView {
  private readonly frame = document.createElement("div");
  private readonly code = document.createElement("div");
  private readonly allOn = document.createElement("button");
  private readonly charts = document.createElement("div");
  private readonly legend = document.createElement("p");
  private readonly slider = document.createElement("input");
  private readonly reading = document.createElement("p");
  private readonly said = document.createElement("p");
  private readonly unguard: () => void;
  private animation = 0;
  private readonly queries: Queries<LoopQuery>;
  /** The lines that are off, or will be when the kernel has answered. */
  private off: readonly number[] = [];
  private drawn: readonly LoopCurves[] = [];
  private readonly onAnswer = () => this.renew();

  constructor(
    private readonly model: LoopModel,
    private readonly root: HTMLElement,
  ) {
    this.queries = new Queries(model);
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.frame.className = "labkit-loop";
    this.frame.dataset.labkitView = "loop";
    const right = document.createElement("div");
    right.className = "runs";
    const left = document.createElement("div");
    this.allOn.type = "button";
    this.allOn.textContent = "Switch all on";
    this.allOn.title = "Put all lines back";
    this.allOn.addEventListener("click", () => this.send([]));
    left.append(this.code, this.allOn);
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.title = "Go to any step of both runs";
    this.slider.setAttribute("aria-label", "Step");
    this.slider.addEventListener("input", () => this.scrub());
    this.said.setAttribute("role", "status");
    right.append(this.legend, this.charts, this.slider, this.reading, this.said);
    this.frame.append(left, right);
    root.replaceChildren(style, this.frame);
    this.unguard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onAnswer);
    this.drawn = this.runs;
    this.renew();
    this.showStep(lastStep(this.runs));
  }

  close(): void {
    this.queries.close();
    cancelAnimationFrame(this.animation);
    this.unguard();
    for (const event of EVENTS) this.model.off(event, this.onAnswer);
    this.root.replaceChildren();
  }

  private get runs(): readonly LoopCurves[] {
    return this.model.get("runs");
  }

  /** Shows the answer to the latest switch; one to an earlier switch is passed over. */
  private renew(): void {
    if (!this.queries.areAnswered) return;
    this.off = this.model.get("off");
    this.showCode();
    this.said.textContent = this.model.get("said");
    if (this.runs === this.drawn) return;
    this.drawn = this.runs;
    this.play();
  }

  private showCode(): void {
    const off = new Set(this.off);
    const focused = this.focusedSwitch();
    const drawn = drawCode(this.model.get("lines"), off, (number, isOn) =>
      this.change(number, isOn),
    );
    this.code.replaceChildren(drawn);
    this.allOn.disabled = off.size === 0;
    drawn.querySelectorAll("input")[focused]?.focus();
  }

  /** The place of the focused switch among the switches; -1 if none is. */
  private focusedSwitch(): number {
    const switches: (Element | null)[] = [...this.code.querySelectorAll("input")];
    return switches.indexOf(document.activeElement);
  }

  private change(number: number, isOn: boolean): void {
    const before = this.off.filter((each) => each !== number);
    this.send(isOn ? before : [...before, number]);
  }

  private send(off: readonly number[]): void {
    this.off = off;
    this.showCode();
    this.said.textContent = WAITING;
    this.queries.send({ off });
  }

  /** Draws the curves from the first step to the last. */
  private play(): void {
    cancelAnimationFrame(this.animation);
    const last = lastStep(this.runs);
    if (globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches !== false) {
      this.showStep(last);
      return;
    }
    const begin = performance.now();
    const draw = () => {
      const share = Math.min(1, (performance.now() - begin) / DRAWING_MS);
      this.showStep(Math.round(share * last));
      if (share < 1) this.animation = requestAnimationFrame(draw);
    };
    draw();
  }

  private scrub(): void {
    cancelAnimationFrame(this.animation);
    this.showStep(Number(this.slider.value));
  }

  private showStep(step: number): void {
    const last = lastStep(this.runs);
    this.slider.max = String(last);
    this.slider.value = String(step);
    const names = seriesNames(this.runs);
    this.charts.replaceChildren(...names.map((name) => drawChart(name, this.runs, last, step)));
    this.legend.replaceChildren(...this.runs.map(legendEntry));
    this.reading.textContent = `step ${step} · ${names.map((name) => this.readingOf(name, step)).join(" · ")}`;
  }

  private readingOf(name: string, step: number): string {
    const values = this.runs.map((run) => {
      const series = run.series.find((each) => each.name === name);
      return shown(series && valueAt(series, step));
    });
    return `${name} ${values.join(" and ")}`;
  }
}

function legendEntry(run: LoopCurves, place: number): HTMLElement {
  const entry = document.createElement("span");
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.style.background = COLOURS[place % COLOURS.length] ?? "";
  entry.append(mark, run.error ? `${run.label}: ended by an error` : run.label);
  return entry;
}

export default { render };
