/** Asks the kernel of a widget for something else than it shows; only the latest query counts. */

import { PROTOCOL_VERSION } from "../messages/protocol";
import type { AnsweringState, Query } from "../messages/queries";
import type { WidgetModel } from "./widget";

interface Queried<W extends Query> {
  readonly page_protocol: number;
  readonly query: W;
}

/** How long an answer may take before the page says that it waits. */
const PATIENCE_MS = 400;

/** The queries of one page. `onLate` is called where an answer takes longer than a moment. */
export class Queries<W extends Query> {
  private latest = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: WidgetModel<AnsweringState, Queried<W>>,
    private readonly onLate: () => void = () => undefined,
  ) {}

  close(): void {
    clearTimeout(this.timer);
  }

  /** Whether the kernel has answered the latest query, and not one before it. */
  get areAnswered(): boolean {
    // A widget that is shown twice answers the queries of both pages.
    return this.model.get("answered") >= this.latest;
  }

  /** Whether this page has asked for anything yet. */
  get haveBegun(): boolean {
    return this.latest > 0;
  }

  send(query: Omit<W, "number">): void {
    this.latest = Math.max(this.latest, this.model.get("answered")) + 1;
    this.model.set("page_protocol", PROTOCOL_VERSION);
    this.model.set("query", { ...query, number: this.latest } as W);
    this.model.save_changes();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.areAnswered || this.onLate(), PATIENCE_MS);
  }
}
