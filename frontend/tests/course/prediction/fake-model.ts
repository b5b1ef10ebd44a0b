/** The model of a card's widget, as anywidget passes it to a page. */

import type { PredictionModel } from "../../../src/course/prediction/card";
import { render } from "../../../src/course/prediction/card";
import type { LockMessage } from "../../../src/messages/prediction";
import { lockedPredictions, predictionStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

export class FakeModel extends FakeWidgetModel {
  declare readonly sent: LockMessage[];

  /** Changes traits as an update of the kernel does: all of them, then the listeners. */
  update(traits: Readonly<Record<string, unknown>>) {
    Object.assign(this.traits, traits);
    for (const trait of Object.keys(traits)) this.listeners.get(`change:${trait}`)?.();
  }
}

export type Kind = keyof typeof predictionStates;

/** A card of a kind of question on the page. */
export class CardPage {
  readonly root = document.createElement("div");
  readonly model: FakeModel;
  readonly close: () => void;

  constructor(kind: Kind, traits: Readonly<Record<string, unknown>> = {}) {
    this.model = new FakeModel({ ...predictionStates[kind], ...traits });
    document.body.replaceChildren(this.root);
    this.close = render({ model: this.model as unknown as PredictionModel, el: this.root });
  }

  find<E extends Element = HTMLElement>(selector: string): E {
    const found = this.root.querySelector<E>(selector);
    if (!found) throw new Error(`there is no ${selector}`);
    return found;
  }

  get said(): string {
    return this.find(".said").textContent ?? "";
  }

  click(selector: string): void {
    this.find(selector).click();
  }

  chooseSureness(sure: number): void {
    this.click(`.sureness input[value="${sure}"]`);
  }

  lockIn(): void {
    this.click("button.lock");
  }

  type(text: string): void {
    const field = this.find<HTMLInputElement>('input[type="text"]');
    field.value = text;
    field.dispatchEvent(new Event("input"));
  }

  press(selector: string, ...keys: string[]): void {
    for (const key of keys) {
      const options = { key, bubbles: true, cancelable: true };
      this.find(selector).dispatchEvent(new KeyboardEvent("keydown", options));
    }
  }

  /** Shows what the kernel sends after a prediction. */
  locked(kind: Kind): void {
    this.model.update({ locked: lockedPredictions[kind], is_open: false });
  }
}
