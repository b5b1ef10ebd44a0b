/** Gradient histograms at the cursor, stacked in forward order. */

import type { Row } from "../../heat-map/rows";
import type { HistogramBins } from "../../messages/values";
import { commonRange } from "../../parts/common-range";
import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { namesMarkedBy, toggleSelection } from "../../parts/selection";
import type { Theme } from "../../parts/theme";
import type { GradientHistogram, RunSession } from "../../session";
import { drawRidge, nonEmptyBins, topOf } from "./ridge-drawing";

const MAX_ROWS = 48;
const REFRESH_MS = 1000;
const NOT_ARRIVED = "No histograms have arrived from the kernel yet";
const NOT_TAKEN = "No histograms have been taken yet";
const SEPARATOR = " · ";
const IN_TURN =
  "not arrived yet: while the cell runs, this front end cannot request them, and the kernel sends " +
  "those of later parameters in turn";

export class HistogramRidge {
  readonly element = make("div", { class: "labkit-ridge" });
  private readonly description = make("p", { class: "labkit-picture-words" });
  private readonly bins = make("select", { "aria-label": "Bins" });
  private readonly stage = make("div", { class: "labkit-ridge-stage" });
  private requestedAt = Number.NEGATIVE_INFINITY;
  private requesting = false;
  private drawnKey = "";
  /** The selection to which it has scrolled. */
  private revealed: string | null = null;

  constructor(
    private readonly session: RunSession,
    private readonly changed: () => void,
  ) {
    this.bins.append(
      make("option", { value: "magnitude" }, "Magnitudes, in powers of ten"),
      make("option", { value: "even" }, "Values, each from least to greatest"),
    );
    this.bins.addEventListener("change", () => {
      this.requestedAt = Number.NEGATIVE_INFINITY;
      this.changed();
    });
    this.stage.addEventListener("click", (event) => this.select(event));
    // JupyterLab's shortcuts use the arrow keys.
    this.stage.setAttribute("data-lm-suppress-shortcuts", "true");
    this.stage.addEventListener("keydown", (event) => this.press(event));
    this.element.append(
      make("div", { class: "labkit-toolbar" }, this.bins, this.description),
      this.stage,
    );
    this.element.hidden = true;
  }

  /** Draws the histograms of some rows; requests newer ones at most once a second. */
  async draw(rows: readonly Row[], theme: Theme): Promise<void> {
    const { cursor, selected } = this.session;
    const [names, first] = this.namesToShow(rows);
    const key = `${cursor} ${theme.dark} ${this.bins.value} ${names.length} ${selected}`;
    const due = performance.now() - this.requestedAt > REFRESH_MS;
    if (this.requesting || (key === this.drawnKey && !due)) return;
    this.requesting = true;
    this.requestedAt = performance.now();
    this.drawnKey = key;
    const bins = this.bins.value as HistogramBins;
    const found = await this.session.histograms(names, bins, cursor);
    this.requesting = false;
    if (found === null) {
      // The drawing is unchanged; the next call requests them again.
      if (this.description.textContent === "") setText(this.description, NOT_ARRIVED);
      return;
    }
    this.show(found, bins, theme);
    setText(this.description, this.describe(found, names, first, rows.length));
  }

  /** Describes which histograms are shown, of which step, and why others are not. */
  private describe(
    found: readonly GradientHistogram[],
    wanted: readonly string[],
    first: number,
    total: number,
  ): string {
    const which = first === 0 ? "the first" : `from number ${first + 1} on,`;
    const more = total > MAX_ROWS ? `${SEPARATOR}${which} ${wanted.length} of ${total}` : "";
    const missing = this.session.isOneWay ? wanted.length - found.length : 0;
    const late = missing > 0 && total > MAX_ROWS ? `${SEPARATOR}${missing} ${IN_TURN}` : "";
    if (found.length === 0) return late ? `${more}${late}`.slice(SEPARATOR.length) : NOT_TAKEN;
    return `${stepsText(found)}${more}${late}`;
  }

  /** Returns the names that have room, with the selected one among them, and the first's place. */
  private namesToShow(rows: readonly Row[]): readonly [names: readonly string[], first: number] {
    const names = rows.map(({ name }) => name);
    const marked = namesMarkedBy(names, this.session.selected);
    const place = names.findIndex((name) => marked.has(name));
    const first = place < MAX_ROWS ? 0 : Math.min(place, names.length - MAX_ROWS);
    return [names.slice(first, first + MAX_ROWS), first];
  }

  private show(found: readonly GradientHistogram[], bins: HistogramBins, theme: Theme): void {
    const { frozen, selected } = this.session;
    const names = found.map(({ name }) => name);
    const marked = namesMarkedBy(names, selected);
    const focused = nameOf(document.activeElement);
    const redraw = () => this.show(found, bins, theme);
    const range = commonRange(this.session, "histograms", nonEmptyBins(found), redraw);
    const drawing = drawRidge({ found, bins, theme, frozen, marked, range });
    this.stage.replaceChildren(drawing);
    if (focused !== null) this.rowOf(focused)?.focus({ preventScroll: true });
    if (selected === this.revealed || this.stage.clientWidth === 0) return;
    this.revealed = selected;
    const place = names.findIndex((name) => marked.has(name));
    if (place >= 0) this.scrollTo(topOf(place, drawing.clientWidth));
  }

  private rowOf(wanted: string): SVGElement | undefined {
    const rows = this.stage.querySelectorAll<SVGElement>("[data-name]");
    return [...rows].find(({ dataset }) => dataset.name === wanted);
  }

  private scrollTo({ top, bottom }: { readonly top: number; readonly bottom: number }): void {
    const { scrollTop, clientHeight } = this.stage;
    if (top < scrollTop) this.stage.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.stage.scrollTop = bottom - clientHeight;
  }

  private press(event: KeyboardEvent): void {
    const row = (event.target as Element).closest(".labkit-ridge-row");
    if (!row) return;
    if (event.key === "Enter" || event.key === " ") this.select(event);
    else if (event.key === "ArrowDown") focusRow(row.nextElementSibling);
    else if (event.key === "ArrowUp") focusRow(row.previousElementSibling);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private select(event: Event): void {
    const name = nameOf(event.target as Element);
    if (name === null) return;
    this.revealed = name;
    toggleSelection(this.session, name);
  }
}

/** Returns "step 40", or "steps 30 to 40" where some have arrived later than others. */
function stepsText(found: readonly GradientHistogram[]): string {
  const steps = found.map(({ step }) => step);
  const [least, newest] = [Math.min(...steps), Math.max(...steps)].map(formatCount);
  return least === newest ? `step ${newest}` : `steps ${least} to ${newest}`;
}

function focusRow(row: Element | null): void {
  if (row instanceof SVGElement && row.matches(".labkit-ridge-row")) row.focus();
}

/** Returns the parameter whose histogram an element is part of; null for other elements. */
function nameOf(element: Element | null): string | null {
  const row = element?.closest<SVGElement>(".labkit-ridge-row");
  return row?.dataset.name ?? null;
}
