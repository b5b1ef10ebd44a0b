/**
 * Draws at most once per animation frame, only while the view is visible, and for a limited
 * fraction of the time, because training may run on the same machine. A loop that waits for a low
 * pace is not slowed down, so each of its steps is drawn.
 */

import type { RunState } from "../messages/run";

/** Maximum fraction of the page's time for the live drawing of one view. */
const MAX_TIME_SHARE = 0.05;
/** Minimum pause between two live drawings; five per second look continuous. */
const MIN_PAUSE_MS = 180;
/** Maximum pause between two live drawings, on any machine. */
const MAX_PAUSE_MS = 1000;
/** Duration above which a drawing slows down training on a machine with few cores. */
const HEAVY_DRAW_MS = 4;
const FEW_CORES = 2;
/** Ratio of the time for drawings at once to the pause after each. */
const PROMPT_DRAWS_PER_PAUSE = 3;
/** Highest pace, in steps per second, at which the kernel sends each step as it ends. */
const MAX_DRAWN_PACE = 10;

/** Whether each change is drawn, as it shows a step after which the loop waits. */
export function drawsEachStep(state: RunState | null): boolean {
  const pace = state?.status === "running" ? state.pace : null;
  return pace !== null && pace <= MAX_DRAWN_PACE;
}

export class RedrawScheduler {
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pending = false;
  private visible = true;
  private nextDrawAt = 0;
  /** Time of the next drawing at once. */
  private nextPromptAt = 0;
  private readonly visibility: IntersectionObserver;

  constructor(
    private readonly element: HTMLElement,
    private readonly draw: () => void,
  ) {
    this.visibility = new IntersectionObserver((entries) => {
      this.visible = entries.some((entry) => entry.isIntersecting);
      if (this.visible && this.pending) this.schedule();
    });
    this.visibility.observe(element);
  }

  /** Schedules a drawing after a live change; draws `promptly` if that leaves time for the page. */
  later(promptly = false): void {
    this.pending = true;
    if (promptly && this.visible && performance.now() >= this.nextPromptAt) {
      this.drawNow();
      return;
    }
    if (!this.visible || this.frame !== 0 || this.timer !== undefined) return;
    this.schedule();
  }

  /** Draws in the next animation frame, after a change by the user. */
  now(): void {
    this.nextDrawAt = 0;
    this.pending = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule();
  }

  close(): void {
    this.visibility.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.pending = false;
  }

  private schedule(): void {
    if (this.frame !== 0 || this.timer !== undefined) return;
    const wait = this.nextDrawAt - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.schedule();
      }, wait);
      return;
    }
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.pending && this.visible && this.element.isConnected) this.drawNow();
    });
  }

  private drawNow(): void {
    this.pending = false;
    const began = performance.now();
    this.draw();
    const ended = performance.now();
    const crowded = navigator.hardwareConcurrency <= FEW_CORES && ended - began > HEAVY_DRAW_MS;
    const pause = crowded ? MAX_PAUSE_MS : Math.max(MIN_PAUSE_MS, (ended - began) / MAX_TIME_SHARE);
    this.nextDrawAt = ended + Math.min(MAX_PAUSE_MS, pause);
    this.nextPromptAt = ended + (ended - began) / PROMPT_DRAWS_PER_PAUSE;
  }
}
