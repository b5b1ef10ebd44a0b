/** How high the stage is: as the picture needs it, until the person drags it to another height. */

import type { Rect } from "../layout/placement";

const LEAST = 220;
const MOST = 420;
const MARGIN = 28;
/** Smallest scale at which the first view is shown, see `Viewport.fit`. */
const READABLE = 0.55;

export class StageHeight {
  private given = "";

  constructor(private readonly stage: HTMLElement) {}

  /** Suits a picture's bounds; with `keep` it only grows, as when a module is opened. */
  suit(bounds: Rect, keep: boolean): void {
    const { style, clientWidth, clientHeight } = this.stage;
    if (clientWidth === 0 || style.height !== this.given) return;
    const scale = Math.min(1, Math.max(READABLE, (clientWidth - MARGIN) / bounds.width));
    const needed = Math.min(MOST, Math.max(LEAST, Math.round(bounds.height * scale) + 2 * MARGIN));
    this.given = `${keep ? Math.max(needed, clientHeight) : needed}px`;
    style.height = this.given;
  }
}
