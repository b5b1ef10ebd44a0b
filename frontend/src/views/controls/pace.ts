/** The control of the pace: slower, faster, and a list of paces; "[" and "]" on the keyboard. */

import { make, setText } from "../../parts/element";
import type { RunSession } from "../../session";
import { isTrainedHere, possibleActions } from "./buttons";
import { undeliveredText } from "./undelivered";

/** Steps per second that can be chosen. */
export const PACES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;
const FULL_SPEED = "full speed";
const SLOWER_KEY = "[";
const FASTER_KEY = "]";
const EXPLANATION =
  "How many steps the loop takes in a second, at most. It waits after each step, so that the step " +
  "can be seen; what labkit reads in this time costs the loop nothing.";
/** Elements in which keys enter text. */
const TEXT_FIELDS =
  "textarea, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])";

/** Returns the next lower pace; `measured` are the steps per second of a loop at full speed. */
export function slowerPace(pace: number | null, measured: number | null): number {
  const from = pace ?? measured ?? Number.POSITIVE_INFINITY;
  return PACES.findLast((each) => each < from) ?? PACES[0];
}

/** Returns the next higher pace; null for full speed. */
export function fasterPace(pace: number | null): number | null {
  return pace === null ? null : (PACES.find((each) => each > pace) ?? null);
}

export class PaceControl {
  readonly element: HTMLElement;
  readonly message = make("p", { class: "labkit-message labkit-warning", role: "status" });
  private readonly slower = paceButton("Slower", "−", SLOWER_KEY);
  private readonly faster = paceButton("Faster", "+", FASTER_KEY);
  private readonly select = make("select", { "aria-label": "Pace", title: EXPLANATION });
  /** The last request, until the state that follows its answer has arrived. */
  private request: { readonly pace: number | null; isAnswered: boolean } | null = null;
  private readonly listeners = new AbortController();

  /** Keys are read while the focus is in `scope`. */
  constructor(
    private readonly session: RunSession,
    scope: HTMLElement,
  ) {
    this.element = make(
      "div",
      { class: "labkit-pace", role: "group", "aria-label": "Pace of the loop" },
      make("span", { title: EXPLANATION }, "Pace"),
      this.slower,
      this.select,
      this.faster,
    );
    for (const pace of [...PACES, null]) this.select.append(option(pace));
    this.slower.addEventListener("click", () => this.goSlower());
    this.faster.addEventListener("click", () => this.goFaster());
    this.select.addEventListener("change", () => {
      this.setPace(this.select.value === FULL_SPEED ? null : Number(this.select.value));
    });
    const { signal } = this.listeners;
    // On the way down, as a section with fields stops the keys on the way up.
    scope.addEventListener("keydown", (event) => this.onKey(event), { signal, capture: true });
    this.update();
  }

  close(): void {
    this.listeners.abort();
  }

  /** Shows the pace in force. */
  update(): void {
    if (this.request?.isAnswered) this.request = null;
    this.show();
  }

  private get isEnabled(): boolean {
    return possibleActions(this.session).size > 0;
  }

  /** The requested pace, or the one in force. */
  private get pace(): number | null {
    return this.request ? this.request.pace : (this.session.state?.pace ?? null);
  }

  private show(): void {
    const { pace, isEnabled } = this;
    this.element.hidden = !isTrainedHere(this.session);
    this.select.disabled = !isEnabled;
    this.slower.disabled = !isEnabled || pace === PACES[0];
    this.faster.disabled = !isEnabled || pace === null;
    const value = optionValue(pace);
    if (this.select.value === value) return;
    this.select.value = value;
    if (this.select.value === value) return;
    const next = [...this.select.options].find((each) => Number(each.value) > (pace ?? 0));
    this.select.insertBefore(option(pace), next ?? this.select.lastChild);
    this.select.value = value;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== SLOWER_KEY && event.key !== FASTER_KEY) return;
    // On some keyboards, Alt or AltGr is pressed for brackets, and the latter counts as Control.
    const isShortcut = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
    if (isShortcut || (event.target as Element).closest(TEXT_FIELDS) || !this.isEnabled) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === SLOWER_KEY) this.goSlower();
    else this.goFaster();
  }

  private goSlower(): void {
    this.setPace(slowerPace(this.pace, this.session.state?.steps_per_second ?? null));
  }

  private goFaster(): void {
    this.setPace(fasterPace(this.pace));
  }

  private async setPace(pace: number | null): Promise<void> {
    if (pace === this.pace) return;
    const request = { pace, isAnswered: false };
    this.request = request;
    setText(this.message, this.session.isOneWay ? undeliveredText(this.session) : "");
    this.show();
    const isDelivered = await this.session.setPace(pace);
    if (this.request !== request) return;
    setText(this.message, isDelivered ? "" : undeliveredText(this.session));
    request.isAnswered = true;
    if (!isDelivered) this.update();
  }
}

function paceButton(name: string, sign: string, key: string): HTMLButtonElement {
  return make(
    "button",
    {
      type: "button",
      class: "labkit-button",
      "aria-label": name,
      "aria-keyshortcuts": key,
      title: `${name} (key ${key} while the focus is in the dashboard)`,
    },
    sign,
  );
}

function option(pace: number | null): HTMLOptionElement {
  const text = pace === null ? FULL_SPEED : `${pace.toLocaleString("en-US")} steps/s`;
  return make("option", { value: optionValue(pace) }, pace === 1 ? "1 step/s" : text);
}

function optionValue(pace: number | null): string {
  return pace === null ? FULL_SPEED : String(pace);
}
