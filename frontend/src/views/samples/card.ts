/** The samples of one name: that of the step which all views show, and a slider over the steps. */

import type { SampleSeries } from "../../messages/samples";
import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { drawsEachStep } from "../../parts/redraw-scheduler";
import type { RunSession, Sample } from "../../session";
import { SampleStage } from "./stage";

/** Shortest time between two requests for newer samples while the run continues at full speed. */
const REFRESH_MS = 900;
const NOT_ARRIVED =
  "This sample has not arrived yet. While the cell runs, the kernel sends the newest ones in turn, " +
  "and none of more than 1 MB.";
const NOT_ANSWERED = "The kernel has not sent this sample yet.";

export class SampleCard {
  readonly element: HTMLElement;
  private readonly step = make("span", { class: "labkit-sample-step" });
  private readonly slider = make("input", { type: "range", min: "0", step: "1", value: "0" });
  private readonly description = make("p", { class: "labkit-sample-words" });
  private readonly failure = make("p", { class: "labkit-sample-words", role: "status" });
  private readonly stage: SampleStage;
  private series: SampleSeries | null = null;
  private shown: Sample | null = null;
  /** What the last request was about, and whether its answer is awaited. */
  private requested = "";
  private isAwaited = false;
  private requestedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(
    private readonly session: RunSession,
    private readonly name: string,
    private readonly onShown: () => void,
  ) {
    this.stage = new SampleStage(session);
    this.slider.setAttribute("aria-label", `Step of ${name}`);
    this.slider.addEventListener("input", () => this.moveTo(Number(this.slider.value)));
    this.element = make(
      "figure",
      { class: "labkit-sample" },
      make("figcaption", {}, make("b", { title: name }, name), this.step),
      this.stage.element,
      this.slider,
      this.description,
      this.failure,
    );
    // The arrow keys move the slider and the text, not the selection of cells.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** The step of the sample that is shown; null before the first. */
  get shownStep(): number | null {
    return this.shown?.step ?? null;
  }

  /** Updates the slider, and requests the sample if it is new; `atOnce` after the user's change. */
  update(series: SampleSeries, atOnce: boolean): void {
    this.series = series;
    const { place, last } = this;
    this.slider.max = String(last);
    this.slider.value = String(place);
    this.slider.disabled = last === 0;
    this.slider.setAttribute("aria-valuetext", this.stepText(series.steps[place] as number));
    this.stage.resize();
    this.request(atOnce);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.stage.close();
    this.element.remove();
  }

  private get last(): number {
    return (this.series?.steps.length ?? 1) - 1;
  }

  /** The index of the newest sample up to the cursor, or of the first one. */
  private get place(): number {
    const { cursor } = this.session;
    if (cursor === null) return this.last;
    return Math.max(0, this.series?.steps.findLastIndex((step) => step <= cursor) ?? 0);
  }

  private moveTo(place: number): void {
    const step = this.series?.steps[place];
    if (step !== undefined) this.session.setCursor(place === this.last ? null : step);
  }

  /** What is to be shown; another text if it may have changed. */
  private get wanted(): string {
    const { place, last, series, session } = this;
    const newest = place === last ? `newest ${series?.logged}` : "";
    return `${series?.steps[place]} ${newest} ${session.isOneWay ? session.pushed : ""}`;
  }

  private request(atOnce: boolean): void {
    if (this.isAwaited || this.isClosed || this.wanted === this.requested) return;
    const isPrompt = atOnce || this.session.isOneWay || drawsEachStep(this.session.state);
    const wait = isPrompt ? 0 : this.requestedAt + REFRESH_MS - performance.now();
    clearTimeout(this.timer);
    if (wait > 0) this.timer = setTimeout(() => this.request(true), wait);
    else void this.fetch();
  }

  private async fetch(): Promise<void> {
    const step = this.place === this.last ? null : (this.series?.steps[this.place] ?? null);
    this.requested = this.wanted;
    this.requestedAt = performance.now();
    this.isAwaited = true;
    const sample = await this.session.sample(this.name, step);
    this.isAwaited = false;
    if (this.isClosed) return;
    setText(this.failure, this.failureText(sample, step));
    if (sample) {
      this.show(sample);
      this.request(false);
    } else {
      this.requested = ""; // again after the next change
    }
  }

  /** Returns why the sample of a step is not shown; an empty text if it is. */
  private failureText(sample: Sample | null, step: number | null): string {
    const { isOneWay } = this.session;
    if (!sample) return isOneWay ? NOT_ARRIVED : NOT_ANSWERED;
    const isOther = isOneWay && step !== null && sample.step !== step;
    return isOther ? `The sample of step ${formatCount(step)} comes when the cell has ended.` : "";
  }

  private show(sample: Sample): void {
    this.shown = sample;
    setText(this.step, this.stepText(sample.step));
    setText(this.description, sample.description);
    this.stage.show(sample);
    this.onShown();
  }

  private stepText(step: number): string {
    const { cursor } = this.session;
    const isLater = cursor !== null && cursor < step && step === this.series?.steps[0];
    return `step ${formatCount(step)}${isLater ? ", the first" : ""}`;
  }
}
