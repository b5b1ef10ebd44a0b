/** Asks the kernel of a widget for something else than it shows; only the latest wish counts. */

import { PROTOCOL_VERSION } from "../messages/protocol";
import type { AnsweringState, Wish } from "../messages/wishes";
import type { WidgetModel } from "./widget";

interface Wished<W extends Wish> {
  readonly page_protocol: number;
  readonly wish: W;
}

/** How long an answer may take before the page says that it waits. */
const PATIENCE_MS = 400;

/** The wishes of one page. `onLate` is called where an answer takes longer than a moment. */
export class Wishes<W extends Wish> {
  private latest = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: WidgetModel<AnsweringState, Wished<W>>,
    private readonly onLate: () => void = () => undefined,
  ) {}

  close(): void {
    clearTimeout(this.timer);
  }

  /** Whether the kernel has answered the latest wish, and not one before it. */
  get areAnswered(): boolean {
    // A widget that is shown twice answers the wishes of both pages.
    return this.model.get("answered") >= this.latest;
  }

  /** Whether this page has asked for anything yet. */
  get haveBegun(): boolean {
    return this.latest > 0;
  }

  send(wish: Omit<W, "number">): void {
    this.latest = Math.max(this.latest, this.model.get("answered")) + 1;
    this.model.set("page_protocol", PROTOCOL_VERSION);
    this.model.set("wish", { ...wish, number: this.latest } as W);
    this.model.save_changes();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.areAnswered || this.onLate(), PATIENCE_MS);
  }
}
