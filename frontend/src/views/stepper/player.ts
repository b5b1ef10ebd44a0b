/** The buttons and the slider that move through a walk. */

import { make, setText } from "../../parts/element";
import type { Walk } from "./walk";

/** Time between two events during playback. */
const PLAY_INTERVAL_MS = 900;

export class Player {
  readonly element: HTMLElement;
  private walk: Walk | null = null;
  private current = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly play = button("Play", "Go on by itself", () => this.toggle());
  private readonly previous = button("Step back", "One event back (left arrow)", () =>
    this.goTo(this.current - 1),
  );
  private readonly next = button("Step on", "One event on (right arrow)", () =>
    this.goTo(this.current + 1),
  );
  private readonly first = button("«", "To the first event", () => this.goTo(0));
  private readonly last = button("»", "To the last event", () =>
    this.goTo(Number.MAX_SAFE_INTEGER),
  );
  private readonly toBackward = button("Backward", "To where the gradients begin", () =>
    this.goTo(this.firstBackward),
  );
  private readonly toNotFinite = button(
    "First NaN",
    "To the first value that is NaN or infinite",
    () => this.goTo(this.walk?.firstNotFinite ?? this.current),
  );
  private readonly toZero = button(
    "First zero",
    "To the first gradient that is zero throughout",
    () => this.goTo(this.walk?.firstZero ?? this.current),
  );
  private readonly slider = make("input", {
    type: "range",
    min: "0",
    step: "1",
    "aria-label": "Event",
  });
  private readonly count = make("span", { class: "labkit-stepper-about" });

  constructor(private readonly show: (event: number) => void) {
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    this.element = make(
      "div",
      { class: "labkit-stepper-player" },
      make(
        "div",
        {},
        this.first,
        this.previous,
        this.play,
        this.next,
        this.last,
        this.toBackward,
        this.toNotFinite,
        this.toZero,
      ),
      make("div", { class: "labkit-stepper-track" }, this.slider, this.count),
    );
  }

  /** Loads a walk and shows the event with the previous index. */
  load(walk: Walk): void {
    this.walk = walk;
    this.slider.max = String(Math.max(0, walk.events.length - 1));
    this.slider.style.setProperty("--labkit-stepper-phases", phasesOf(walk));
    this.goTo(this.current);
  }

  /** Handles a key press; returns whether the key has a function. */
  handleKey(key: string): boolean {
    if (key === "ArrowRight") this.goTo(this.current + 1);
    else if (key === "ArrowLeft") this.goTo(this.current - 1);
    else if (key === " ") this.toggle();
    else return false;
    return true;
  }

  close(): void {
    this.pause();
  }

  private get firstBackward(): number {
    return this.walk?.events.findIndex((event) => event.phase !== "forward") ?? 0;
  }

  private goTo(to: number): void {
    const events = this.walk?.events.length ?? 0;
    this.current = Math.max(0, Math.min(to, events - 1));
    this.slider.value = String(this.current);
    setText(this.count, events === 0 ? "" : `${this.current + 1} of ${events}`);
    this.disable([this.first, this.previous], this.current === 0);
    this.disable([this.next, this.last], this.current >= events - 1);
    this.play.disabled = events === 0;
    this.toNotFinite.disabled = (this.walk?.firstNotFinite ?? null) === null;
    this.toZero.disabled = (this.walk?.firstZero ?? null) === null;
    if (this.current >= events - 1) this.pause();
    if (events > 0) this.show(this.current);
  }

  /** A disabled button gets no keys; if it has the focus, the slider takes it over. */
  private disable(buttons: readonly HTMLButtonElement[], disabled: boolean): void {
    for (const each of buttons) {
      const hasFocus = disabled && each.matches(":focus");
      each.disabled = disabled;
      if (hasFocus) this.slider.focus();
    }
  }

  private toggle(): void {
    if (this.timer !== undefined) {
      this.pause();
      return;
    }
    const events = this.walk?.events.length ?? 0;
    if (events === 0) return;
    if (this.current >= events - 1) this.goTo(0);
    this.timer = setInterval(() => this.goTo(this.current + 1), PLAY_INTERVAL_MS);
    setText(this.play, "Pause");
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    setText(this.play, "Play");
  }
}

/** Returns the CSS background of the slider, with a stripe for the events of each phase. */
function phasesOf({ events }: Walk): string {
  const last = events.length - 1;
  const at = (event: number) => `${((100 * (event - 0.5)) / Math.max(1, last)).toFixed(2)}%`;
  const stripes = events.flatMap(({ phase }, event) => {
    const colour = `var(--labkit-stepper-${phase})`;
    const begins = event === 0 || events[event - 1]?.phase !== phase;
    const ends = event === last || events[event + 1]?.phase !== phase;
    return [
      ...(begins ? [`${colour} ${event === 0 ? "0%" : at(event)}`] : []),
      ...(ends ? [`${colour} ${event === last ? "100%" : at(event + 1)}`] : []),
    ];
  });
  return `linear-gradient(to right, ${stripes.join(", ")})`;
}

function button(text: string, purpose: string, action: () => void): HTMLButtonElement {
  const made = make("button", { type: "button", title: purpose }, text);
  if (text.length === 1) made.setAttribute("aria-label", purpose);
  made.addEventListener("click", action);
  return made;
}
