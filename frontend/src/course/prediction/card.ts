/**
 * The card of a prediction: the question, an answer, how sure one is, and a button that locks both
 * in. The kernel stores them; what it has stored is shown, and cannot be changed.
 */

import type {
  LockedPrediction,
  LockMessage,
  PredictionForm,
  PredictionState,
  PredictionValue,
} from "../../messages/prediction";
import { PROTOCOL_VERSION } from "../../messages/protocol";
import { make } from "../../parts/element";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { KERNEL_GONE, rendering, sendMessage } from "../../parts/widget";
import { type Answer, RadioButtons } from "./answer";
import { ChoiceAnswer } from "./choice";
import { FieldAnswer } from "./field";
import { markedText } from "./marked-text";
import { PlaceAnswer } from "./place";
import { SketchAnswer } from "./sketch";
import STYLE from "./style.css";

/** The part of the widget's model that the card uses. */
export interface PredictionModel {
  get<T extends keyof PredictionState>(trait: T): PredictionState[T];
  send(message: LockMessage): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

const SURENESS = ["guessing", "fairly sure", "certain"];
const WAITING = "The kernel is busy. Your prediction is locked in as soon as it answers.";
/** Time after which it is said that the kernel is busy, in ms. */
const PATIENCE = 1500;
/** Sent by the widget manager, also when the kernel is restarted. */
const LIVE_CHANGE = "comm_live_update";
const TRAITS = ["change:locked", "change:is_open", "change:note", "change:said"];

/** Draws the card; returns its clean-up. */
export const render = rendering((model: PredictionModel, root) => new Card(model, root));

class Card {
  private readonly listeners = new AbortController();
  // A form, as the page has several cards, and radio buttons belong to the form that they are in.
  private readonly frame = make("form", {
    class: "labkit-prediction",
    role: "group",
    "data-labkit-view": "prediction",
  });
  private readonly answer: Answer;
  private readonly sureness: RadioButtons;
  private readonly button = make("button", { type: "button", class: "lock" }, "Lock in");
  private readonly note = make("p", { class: "note" });
  // Takes the focus from the button, which is hidden when a prediction is locked in.
  private readonly status = make("p", { class: "status", role: "status", tabindex: "-1" });
  private readonly said = make("p", { class: "said", role: "alert" });
  private readonly unguard: () => void;
  private readonly onState = () => this.show();
  private readonly onLiveChange = () => {
    if (this.isWaiting) this.fail();
  };
  private patience: ReturnType<typeof setTimeout> | undefined;
  private isWaiting = false;

  constructor(
    private readonly model: PredictionModel,
    private readonly root: HTMLElement,
  ) {
    const { signal } = this.listeners;
    const changed = () => this.changed();
    this.answer = answerOf(model.get("form"), changed, signal);
    const options = SURENESS.map((text, place) => ({
      value: String(place + 1),
      content: [document.createTextNode(text)],
    }));
    this.sureness = new RadioButtons("How sure are you?", options, changed, signal);
    this.sureness.element.classList.add("sureness");
    this.button.title = "Once locked in, a prediction cannot be changed";
    this.button.addEventListener("click", () => this.lock(), { signal });
    this.frame.addEventListener("submit", (event) => event.preventDefault(), { signal });
    this.answer.element.addEventListener("keydown", (event) => this.press(event), { signal });
    const question = make("p", {}, make("strong", {}, "Predict. "));
    question.append(...markedText(model.get("question")));
    this.frame.setAttribute("aria-label", question.textContent ?? "");
    this.frame.append(
      question,
      this.note,
      this.answer.element,
      this.sureness.element,
      this.button,
      this.status,
      this.said,
    );
    root.replaceChildren(make("style", {}, STYLE), this.frame);
    this.unguard = guardShortcuts(this.frame);
    for (const trait of TRAITS) model.on(trait, this.onState);
    model.on(LIVE_CHANGE, this.onLiveChange);
    this.show();
  }

  close(): void {
    clearTimeout(this.patience);
    this.listeners.abort();
    this.unguard();
    for (const trait of TRAITS) this.model.off(trait, this.onState);
    this.model.off(LIVE_CHANGE, this.onLiveChange);
    this.root.replaceChildren();
  }

  /** Enter in the field locks in, as in a form. */
  private press(event: KeyboardEvent): void {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement && !event.shiftKey) {
      event.preventDefault();
      this.lock();
    }
  }

  private changed(): void {
    this.said.textContent = "";
  }

  private lock(): void {
    // While a prediction is on its way to the kernel, Enter in the field sends none either.
    if (!this.model.get("is_open") || this.isWaiting) return;
    const value = this.answer.value();
    const sure = this.sureness.value;
    if (value === null) this.say(this.answer.request);
    else if (sure === null) this.say("Say how sure you are, too.");
    else this.send(value, Number(sure));
  }

  private send(value: PredictionValue, sure: number): void {
    this.button.disabled = true;
    this.said.textContent = "";
    this.isWaiting = true;
    this.patience = setTimeout(() => this.say(WAITING), PATIENCE);
    const message = { type: "lock", protocol: PROTOCOL_VERSION, value, sure } as const;
    sendMessage(this.model, message, () => this.fail());
  }

  /** Shows that the kernel is gone, and allows another attempt, should there be another one. */
  private fail(): void {
    this.endWaiting();
    this.say(KERNEL_GONE);
  }

  private endWaiting(): void {
    clearTimeout(this.patience);
    this.isWaiting = false;
    this.button.disabled = false;
  }

  private say(text: string): void {
    this.said.replaceChildren(...markedText(text));
  }

  private show(): void {
    const wasWaiting = this.isWaiting;
    this.endWaiting();
    const locked = this.model.get("locked");
    const isOpen = this.model.get("is_open");
    this.frame.setAttribute("data-labkit-state", isOpen ? "open" : locked ? "locked" : "closed");
    this.showAnswer(isOpen, locked);
    this.button.hidden = !isOpen;
    this.note.replaceChildren(...markedText(this.model.get("note")));
    this.status.replaceChildren(...markedText(locked?.text ?? ""));
    this.say(this.model.get("said"));
    // What had the focus is disabled or hidden.
    if (wasWaiting && locked) this.status.focus({ preventScroll: true });
  }

  private showAnswer(isOpen: boolean, locked: LockedPrediction | null): void {
    const wasForgotten = isOpen && this.sureness.disabled;
    if (!isOpen || wasForgotten) {
      this.answer.close(locked?.value ?? null);
      this.sureness.value = locked?.sure ? String(locked.sure) : null;
    }
    if (isOpen) this.answer.open();
    this.sureness.disabled = !isOpen;
    this.sureness.element.hidden = !isOpen && !locked?.sure;
  }
}

function answerOf(form: PredictionForm, onChange: () => void, signal: AbortSignal): Answer {
  switch (form.kind) {
    case "choice":
      return new ChoiceAnswer(form, onChange, signal);
    case "curve":
      return new SketchAnswer(form, onChange, signal);
    case "place":
      return new PlaceAnswer(form, onChange, signal);
    default:
      return new FieldAnswer(form, onChange, signal);
  }
}

export default { render };
