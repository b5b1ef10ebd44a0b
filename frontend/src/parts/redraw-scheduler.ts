/**
 * Draws at most once per animation frame, only while the view is visible, and for a limited
 * fraction of the time. How often the data change is decided by the kernel. A loop that waits for
 * a low pace is not slowed down, so each of its steps is drawn.
 */

import type { RunState } from "../messages/run";
import { cancelDrawing, drawInNextFrame } from "../rendering/drawing-frame";
import { watchElement } from "../rendering/visibility";

/** Maximum fraction of the page's time for the live drawing of one view. */
const MAX_TIME_SHARE = 0.1;
/** Maximum pause between two live drawings, on any machine. */
const MAX_PAUSE_MS = 1000;
/** Time after which a change that is not due is drawn, if no further one follows. */
const NOT_DUE_MS = 1500;
/** The same for a change that is due, but that followed too soon after the last drawing. */
const TOO_SOON_MS = 400;

/** Ratio of the time for drawings at once to the pause after each. */
const PROMPT_DRAWS_PER_PAUSE = 3;
/** Highest pace, in steps per second, at which the kernel sends each step as it ends. */
const MAX_DRAWN_PACE = 10;

/** Whether each change is drawn, as it shows a step after which the loop waits. */
export function drawsEachStep(state: RunState | null): boolean {
  const pace = state?.status === "running" ? state.pace : null;
  return pace !== null && pace <= MAX_DRAWN_PACE;
}

/** `draw` is called with whether only the data have changed since the last drawing. */
export class RedrawScheduler {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pending = false;
  /** Whether only the data have changed since the last drawing. */
  private isLive = true;
  private visible = true;
  private nextDrawAt = 0;
  /** Time of the next drawing at once. */
  private nextPromptAt = 0;
  private readonly endVisibility: () => void;
  private readonly drawPending = () => {
    if (this.pending && this.visible && this.element.isConnected) this.drawNow();
  };

  constructor(
    private readonly element: HTMLElement,
    private readonly draw: (isLive: boolean) => void,
  ) {
    this.endVisibility = watchElement(element, (visible) => {
      this.visible = visible;
      if (visible && this.pending) drawInNextFrame(this.drawPending);
    });
  }

  /**
   * Draws a live change: in the next animation frame, or with a later change if the last drawing
   * was too recent or the change is not due. Without a later change it is drawn by itself. Draws
   * `promptly`, without waiting for the frame, if that leaves time for the page.
   */
  later(isDue = true, promptly = false): void {
    this.pending = true;
    if (!this.visible) return;
    if (promptly && performance.now() >= this.nextPromptAt) {
      this.drawNow();
      return;
    }
    const wait = this.nextDrawAt - performance.now();
    if (!isDue) this.drawAfter(NOT_DUE_MS);
    else if (wait > 0) this.drawAfter(Math.max(wait, TOO_SOON_MS));
    else drawInNextFrame(this.drawPending);
  }

  /** Draws in the next animation frame, after a change by the user. */
  now(): void {
    this.pending = true;
    this.isLive = false;
    drawInNextFrame(this.drawPending);
  }

  close(): void {
    this.endVisibility();
    clearTimeout(this.timer);
    cancelDrawing(this.drawPending);
    this.pending = false;
  }

  /** Draws after some time, in ms, unless a further change arrives before. */
  private drawAfter(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => drawInNextFrame(this.drawPending), wait);
  }

  private drawNow(): void {
    this.pending = false;
    clearTimeout(this.timer);
    const began = performance.now();
    const { isLive } = this;
    this.isLive = true;
    this.draw(isLive);
    const ended = performance.now();
    this.nextDrawAt = ended + Math.min(MAX_PAUSE_MS, (ended - began) / MAX_TIME_SHARE);
    this.nextPromptAt = ended + (ended - began) / PROMPT_DRAWS_PER_PAUSE;
  }
}
