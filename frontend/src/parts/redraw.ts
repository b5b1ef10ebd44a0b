/**
 * Draws at most once per animation frame, only while the view can be seen, and
 * no more of the time than its share: training runs on the same machine.
 */

/** Longest part of the page's time that one view's live drawing takes. */
const SHARE = 0.05;
/** Shortest pause between two live drawings, in ms: five in a second look like motion. */
const SHORTEST_PAUSE = 180;
/** Longest pause between two live drawings, in ms, however slow the machine is. */
const LONGEST_PAUSE = 1000;
/** A drawing that takes longer, in ms, is felt by a loop that has few cores to share. */
const LIGHT = 4;
const FEW_CORES = 2;

export class Redraw {
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wanted = false;
  private visible = true;
  private notBefore = 0;
  private readonly sight: IntersectionObserver;

  constructor(
    private readonly element: HTMLElement,
    private readonly draw: () => void,
  ) {
    this.sight = new IntersectionObserver((entries) => {
      this.visible = entries.some((entry) => entry.isIntersecting);
      if (this.visible && this.wanted) this.schedule();
    });
    this.sight.observe(element);
  }

  /** Something live has changed. */
  later(): void {
    this.wanted = true;
    if (!this.visible || this.frame !== 0 || this.timer !== undefined) return;
    this.schedule();
  }

  /** A person has changed something: do not keep them waiting. */
  now(): void {
    this.notBefore = 0;
    this.wanted = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule();
  }

  close(): void {
    this.sight.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.wanted = false;
  }

  private schedule(): void {
    if (this.frame !== 0 || this.timer !== undefined) return;
    const wait = this.notBefore - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.schedule();
      }, wait);
      return;
    }
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.wanted && this.visible && this.element.isConnected) this.perform();
    });
  }

  private perform(): void {
    this.wanted = false;
    const began = performance.now();
    this.draw();
    const ended = performance.now();
    const crowded = navigator.hardwareConcurrency <= FEW_CORES && ended - began > LIGHT;
    const pause = crowded ? LONGEST_PAUSE : Math.max(SHORTEST_PAUSE, (ended - began) / SHARE);
    this.notBefore = ended + Math.min(LONGEST_PAUSE, pause);
  }
}
