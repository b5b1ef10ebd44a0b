/** The list of changes, each with a button that takes it back. */

import type { RunEvent } from "../../messages/tuning";
import { make } from "../../parts/element";
import { formatCount } from "../../parts/format";
import type { ChangeSender } from "./change-sender";

const MAX_LISTED = 50;

export class EventList {
  readonly element = make("ol", { class: "labkit-tuning-events", "aria-label": "Changes" });
  private shown: readonly RunEvent[] = [];
  private wasOpen = false;

  constructor(private readonly sender: ChangeSender) {
    this.element.hidden = true;
  }

  update(events: readonly RunEvent[], isOpen: boolean): void {
    if (events === this.shown && isOpen === this.wasOpen) return;
    this.shown = events;
    this.wasOpen = isOpen;
    this.element.hidden = events.length === 0;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.labkitEvent;
    const newest = events.slice(-MAX_LISTED).reverse();
    this.element.replaceChildren(...newest.map((event) => this.item(event, isOpen)));
    if (events.length > MAX_LISTED) {
      const more = formatCount(events.length - MAX_LISTED);
      this.element.append(make("li", {}, `${more} older: run.events lists them`));
    }
    if (focused) {
      this.element.querySelector<HTMLElement>(`[data-labkit-event="${focused}"]`)?.focus();
    }
  }

  private item(event: RunEvent, isOpen: boolean): HTMLLIElement {
    const item = make(
      "li",
      {},
      make("span", { class: "labkit-tuning-step" }, `step ${formatCount(event.step)}`),
      make("span", { class: "labkit-tuning-text" }, event.text),
    );
    if (event.taken_back !== null) {
      item.classList.add("labkit-tuning-undone");
      item.append(
        make(
          "span",
          { class: "labkit-tuning-own" },
          `taken back at step ${formatCount(event.taken_back)}`,
        ),
      );
    } else if (isOpen) item.append(this.button(event));
    return item;
  }

  private button(event: RunEvent): HTMLButtonElement {
    const button = make(
      "button",
      {
        type: "button",
        class: "labkit-button",
        "aria-label": `Take back: ${event.text}`,
        title:
          "Undo this change at the end of the step. Of several changes of the same value, the " +
          "newest that was not taken back is in force.",
        "data-labkit-event": String(event.id),
      },
      "Take back",
    );
    button.addEventListener("click", () => this.sender.send({ type: "undo", event: event.id }));
    return button;
  }
}
