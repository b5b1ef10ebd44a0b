/** The comparison of the marked runs, below the table. */

import type { ComparedMessage } from "../../messages/runs";
import { make, setText } from "../../parts/element";

/** Draws a comparison of runs, by the model ids of their channels; resolves to its clean-up. */
export type DrawComparison = (
  place: HTMLElement,
  channels: readonly string[],
  names: readonly string[],
) => Promise<() => void>;

/** Time after which the page says that a front end has not passed the runs on. */
const WAIT_MS = 10_000;
const UNREACHABLE =
  "This front end has not passed the runs on to the page. In a cell, runs.compare(…) shows them.";

export class ComparisonPlace {
  readonly element = make("section", { class: "labkit-runs-comparison" });
  private readonly title = make("h4");
  private readonly stage = make("div");
  private readonly failure = make("p", { class: "labkit-message", role: "status" });
  private end: () => void = () => undefined;
  private number = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `closed` is called after the comparison was closed by the user. */
  constructor(
    private readonly draw: DrawComparison,
    closed: () => void,
  ) {
    const button = make("button", { type: "button", class: "labkit-button" }, "Close comparison");
    button.addEventListener("click", () => {
      this.clear();
      closed();
    });
    const head = make("header", {}, this.title, button);
    this.element.setAttribute("aria-label", "Comparison");
    this.element.append(head, this.failure, this.stage);
    this.element.hidden = true;
  }

  async show({ request, channels, names }: ComparedMessage): Promise<void> {
    this.clear();
    if (channels.length === 0) return;
    const { number } = this;
    this.element.hidden = false;
    setText(this.title, `${names.length} runs compared`);
    const place = make("div");
    this.stage.replaceChildren(place);
    this.timer = setTimeout(() => setText(this.failure, UNREACHABLE), WAIT_MS);
    try {
      const end = await this.draw(place, channels, names);
      if (number !== this.number) {
        end();
        return;
      }
      clearTimeout(this.timer);
      setText(this.failure, "");
      this.end = end;
      // Views are drawn when they are in sight. Test environments cannot scroll.
      if (request !== null) this.element.scrollIntoView?.({ block: "nearest" });
    } catch {
      if (number === this.number) setText(this.failure, UNREACHABLE);
    }
  }

  clear(): void {
    this.number += 1;
    clearTimeout(this.timer);
    this.end();
    this.end = () => undefined;
    this.element.hidden = true;
    setText(this.failure, "");
    this.stage.replaceChildren();
  }
}
