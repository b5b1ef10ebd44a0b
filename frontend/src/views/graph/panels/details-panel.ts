/**
 * The side panel with all facts about a box, including the values of its parameters.
 *
 * Values are requested from the kernel when a box is selected, and periodically during the run.
 */

import { visibleText } from "../../../parts/visible-text";
import type { Inspection, Statistics } from "../../../session";
import { html } from "../drawing/elements";
import { COST_EXPLANATIONS } from "../model/cost-text";
import type { Fact } from "../model/fact";
import { countText, normText } from "../structure/text";
import { drawHistogram, signed } from "./histogram";

/** The content of the panel for a box. */
export interface DetailsContent {
  readonly id: string;
  readonly title: string;
  readonly facts: readonly Fact[];
  /** The name of a parameter or the id of an operation, to request its values; null for none. */
  readonly inspectedName: string | null;
  /** The text if the values are unknown. */
  readonly noValuesText: string;
  /** The incoming and outgoing tensors: the other box, and the shape. */
  readonly inputs: readonly Fact[];
  readonly outputs: readonly Fact[];
}

const HINT = "Click an operation or a parameter to see all that is known of it here.";
/** Interval between requests for values while the run continues. */
const REFRESH_MS = 2000;
/** Interval after a timeout, so that requests do not accumulate in the kernel. */
const RETRY_MS = 30_000;
const NORMS = { weight_norm: "Weight norm", grad_norm: "Gradient norm" } as const;

export class DetailsPanel {
  readonly element = html("aside", { class: "labkit-graph-details", "aria-label": "Details" });
  private readonly heading = html("h4");
  private readonly body = html("div", { class: "labkit-graph-details-body" });
  private readonly values = html("div");
  private readonly tensors = html("div");
  private shown: DetailsContent | null = null;
  private requestedAt = 0;
  private requesting = false;
  private answered = true;

  constructor(
    private readonly inspect: (name: string) => Promise<Inspection>,
    private readonly closed: () => void,
  ) {
    const close = html("button", { type: "button", title: "Close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.close());
    const bar = html("div", { class: "labkit-graph-details-bar" });
    bar.append(this.heading, close);
    this.element.append(bar, this.body, this.values, this.tensors);
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.close();
    });
    this.element.hidden = true;
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Id of the current box; null for none. */
  get shownId(): string | null {
    return this.shown?.id ?? null;
  }

  /** Opens the panel for a box; null shows a hint. */
  show(content: DetailsContent | null): void {
    this.element.hidden = false;
    const other = content?.id !== this.shown?.id || content?.title !== this.shown?.title;
    this.shown = content;
    this.heading.textContent = visibleText(content?.title ?? "Details");
    if (other) this.values.replaceChildren();
    this.body.replaceChildren(content ? listOf(content.facts) : html("p", {}, HINT));
    this.tensors.replaceChildren(...(content ? tensorsOf(content) : []));
    if (content?.inspectedName) this.requestValues(content.inspectedName, other);
  }

  close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.shown = null;
    this.values.replaceChildren();
    this.closed();
  }

  private async requestValues(name: string, other: boolean): Promise<void> {
    const now = performance.now();
    const interval = this.answered ? REFRESH_MS : RETRY_MS;
    if (!other && (this.requesting || now - this.requestedAt < interval)) return;
    this.requestedAt = now;
    this.requesting = true;
    if (other) this.values.replaceChildren(html("p", {}, "Reading the values…"));
    const found = await this.inspect(name);
    if (this.requestedAt !== now) return; // A newer request is pending.
    this.requesting = false;
    this.answered = found.answered;
    if (this.shown?.inspectedName !== name) return;
    const drawn = drawValues(found);
    const nothing = found.answered && drawn.length === 0;
    this.values.replaceChildren(
      ...(found.reason ? [html("p", { role: "status" }, found.reason)] : []),
      ...drawn,
      ...(nothing ? [html("p", {}, this.shown.noValuesText)] : []),
      ...(found.answered ? [] : [this.retryButton(name)]),
    );
  }

  private retryButton(name: string): HTMLElement {
    const again = html("button", { type: "button" }, "Ask again");
    again.addEventListener("click", () => this.requestValues(name, true));
    return again;
  }
}

function tensorsOf(content: DetailsContent): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (content.inputs.length) parts.push(html("h5", {}, "Comes in"), listOf(content.inputs));
  if (content.outputs.length) parts.push(html("h5", {}, "Goes out"), listOf(content.outputs));
  return parts;
}

function listOf(facts: readonly Fact[]): HTMLElement {
  const list = html("dl");
  for (const [name, value] of facts) {
    const explanation = COST_EXPLANATIONS[name];
    const term = html("dt", explanation ? { title: explanation } : {}, name);
    list.append(term, html("dd", {}, value));
  }
  return list;
}

function drawValues({ value, gradient, norms }: Inspection): HTMLElement[] {
  const facts = norms.map(({ kind, value: norm, step }): Fact => {
    return [NORMS[kind], `${normText(norm ?? Number.NaN)} at step ${countText(step)}`];
  });
  return [
    ...drawTensor("Values", value),
    ...drawTensor("Gradient", gradient),
    ...(facts.length ? [html("h5", {}, "Recorded norms"), listOf(facts)] : []),
  ];
}

function drawTensor(name: string, statistics: Statistics | null): HTMLElement[] {
  if (!statistics) return [];
  const { step } = statistics;
  const magnitudes = Number.isNaN(statistics.mean);
  const when = step === null ? name : `${name}: magnitudes at step ${countText(step)}`;
  const { sampled } = statistics;
  const picture = drawHistogram(statistics, name.toLowerCase());
  const facts: Fact[] = [];
  if (!magnitudes) {
    facts.push(
      ["Mean ± deviation", `${signed(statistics.mean)} ± ${signed(statistics.standardDeviation)}`],
      ["Least, greatest", `${signed(statistics.minimum)}, ${signed(statistics.maximum)}`],
    );
  }
  if (sampled !== null) facts.push(["Read", `${countText(sampled)} elements, evenly spread`]);
  if (statistics.zeros) facts.push(["Exactly zero", countText(statistics.zeros)]);
  if (statistics.notFinite) facts.push(["NaN or infinite", countText(statistics.notFinite)]);
  return [html("h5", {}, when), ...(picture ? [picture] : []), listOf(facts)];
}
