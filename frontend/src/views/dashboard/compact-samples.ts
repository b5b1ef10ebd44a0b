/** The logged samples in the compact form of a dashboard, once there are any. */

import { make } from "../../parts/element";
import type { RunSession } from "../../session";
import { drawSamples } from "../samples/view";

export class CompactSamples {
  readonly element = make("div", { class: "labkit-compact-samples" });
  private end: (() => void) | null = null;

  constructor(private readonly session: RunSession) {
    this.element.hidden = true;
  }

  /** Draws the samples if there are any and the dashboard is compact. */
  update(isCompact: boolean): void {
    const isShown = isCompact && this.session.samples.length > 0;
    if (isShown === (this.end !== null)) return;
    this.element.hidden = !isShown;
    if (isShown) this.end = drawSamples(this.element, this.session);
    else this.close();
  }

  close(): void {
    this.end?.();
    this.end = null;
  }
}
