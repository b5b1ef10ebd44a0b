/** Draws each card once, when it is shown for the first time, and moves it between its places. */

import { make } from "../../parts/element";
import type { RunSession } from "../../session";
import type { CardName } from "./arrangement";
import { CARDS } from "./cards";

export class CardPlaces {
  private readonly drawn = new Map<CardName, HTMLElement>();
  private readonly closes: (() => void)[] = [];

  constructor(private readonly session: RunSession) {}

  /** Makes a card the only content of an element. */
  put(name: CardName, parent: HTMLElement): void {
    let body = this.drawn.get(name);
    if (body && body.parentElement === parent && parent.childElementCount === 1) return;
    const isNew = body === undefined;
    body ??= make("div", { class: `labkit-card-body labkit-card-${name}` });
    parent.replaceChildren(body);
    if (!isNew) return;
    this.drawn.set(name, body);
    // A view of its own element, as views add classes to their root.
    const root = make("div", { class: "labkit-panel-body" });
    body.append(root);
    this.closes.push(CARDS[name].draw(root, this.session));
  }

  /** The element of a card that has been shown. */
  get(name: CardName): HTMLElement | undefined {
    return this.drawn.get(name);
  }

  close(): void {
    for (const close of this.closes) close();
  }
}
