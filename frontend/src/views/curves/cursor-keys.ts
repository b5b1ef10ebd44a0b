/** A slider over the plot that moves both cursors with the keyboard. */

import { make } from "../../parts/element";

/** Number of recorded steps that the keys for a page move a cursor. */
const PAGE = 10;

export interface Cursors {
  /** Null at the newest step. */
  readonly cursor: number | null;
  readonly second: number | null;
  /** The steps to which a cursor can move, ascending. */
  steps(): Float64Array;
  setCursor(step: number | null): void;
  setSecond(step: number | null): void;
}

export class CursorKeys {
  readonly element = make("div", {
    class: "labkit-curves-keys",
    role: "slider",
    tabindex: "0",
    "aria-label": "Cursor: arrow keys move it, with Shift a second one, Escape removes that",
    // JupyterLab moves between cells with the same keys.
    "data-lm-suppress-shortcuts": "true",
  });

  constructor(
    private readonly cursors: Cursors,
    label: string | null = null,
  ) {
    if (label !== null) this.element.setAttribute("aria-label", label);
    this.element.addEventListener("keydown", (event) => {
      delete this.element.dataset.byMouse;
      const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
      if (isShortcut || !this.handle(event.key, event.shiftKey)) return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Receives the keys after a click in the plot, without an outline until one is pressed. */
  focusByMouse(): void {
    this.element.dataset.byMouse = "";
    this.element.focus({ preventScroll: true });
  }

  /** Updates what a screen reader says of the cursor. */
  update(text: string): void {
    const steps = this.cursors.steps();
    const newest = steps.at(-1) ?? 0;
    const facts = {
      "aria-valuemin": String(steps[0] ?? 0),
      "aria-valuemax": String(newest),
      "aria-valuenow": String(this.cursors.cursor ?? newest),
      "aria-valuetext": text,
    };
    for (const [name, value] of Object.entries(facts)) this.element.setAttribute(name, value);
  }

  private handle(key: string, isSecond: boolean): boolean {
    const { cursors } = this;
    if (key === "Escape") {
      if (cursors.second === null) return false;
      cursors.setSecond(null);
      return true;
    }
    if (key === "End" && !isSecond) {
      cursors.setCursor(null);
      return true;
    }
    const steps = cursors.steps();
    const from = (isSecond ? cursors.second : null) ?? cursors.cursor ?? steps.at(-1);
    const to = from === undefined ? undefined : stepAfter(key, from, steps);
    if (to === undefined) return false;
    if (isSecond) cursors.setSecond(to);
    else cursors.setCursor(to);
    return true;
  }
}

/** Returns the step to which a key moves a cursor; undefined if it moves none. */
function stepAfter(key: string, from: number, steps: Float64Array): number | undefined {
  const last = steps.length - 1;
  const before = steps.findLastIndex((step) => step < from);
  const after = steps.findIndex((step) => step > from);
  const next = after < 0 ? last : after;
  const places: Readonly<Record<string, number>> = {
    ArrowLeft: before,
    ArrowDown: before,
    ArrowRight: next,
    ArrowUp: next,
    PageDown: before - PAGE + 1,
    PageUp: next + PAGE - 1,
    Home: 0,
    End: last,
  };
  const place = places[key];
  return place === undefined ? undefined : steps[Math.min(last, Math.max(0, place))];
}
