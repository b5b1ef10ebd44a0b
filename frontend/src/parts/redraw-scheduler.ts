/**
 * Draws at most once per animation frame, only while the view is visible, and for a limited share
 * of the time, since training runs on the same machine.
 */

/** Largest share of the page's time that one view's live drawing takes. */
const MAX_TIME_SHARE = 0.05;
/** Shortest pause between two live drawings: five per second look continuous. */
const MIN_PAUSE_MS = 180;
/** Longest pause between two live drawings, however slow the machine is. */
const MAX_PAUSE_MS = 1000;
/** A drawing that takes longer slows a training loop down on a machine with few cores. */
const HEAVY_DRAW_MS = 4;
const FEW_CORES = 2;

export class RedrawScheduler {
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pending = false;
  private visible = true;
  private nextDrawAt = 0;
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

  /** Redraws after a live change, when the next drawing is due. */
  later(): void {
    this.pending = true;
    if (!this.visible || this.frame !== 0 || this.timer !== undefined) return;
    this.schedule();
  }

  /** Redraws at once, after a change by the user. */
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
  }
}
