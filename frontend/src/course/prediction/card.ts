/**
 * The card of a prediction: the question, an answer, how sure one is, and a button that locks both
 * in. The kernel stores them; what it has stored is shown, and cannot be changed.
 */

import type {
  LockMessage,
  PredictionForm,
  PredictionState,
  PredictionValue,
} from "../../messages/prediction";
import { PROTOCOL_VERSION } from "../../messages/protocol";
import { make } from "../../parts/element";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering } from "../../parts/widget";
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
const TRAITS = ["change:locked", "change:is_open", "change:note", "change:said"];

/** Draws the card; returns its clean-up. */
export const render = rendering((model: PredictionModel, root) => new Card(model, root));

class Card {
  private readonly listeners = new AbortController();
  // A form, as the page has several cards, and radio buttons belong to the form that they are in.
  private readonly frame = make("form", {
    class: "labkit-prediction",
    role: "group",
    "aria-label": "Prediction",
    "data-labkit-view": "prediction",
  });
  private readonly answer: Answer;
  private readonly sureness: RadioButtons;
  private readonly button = make("button", { type: "button", class: "lock" }, "Lock in");
  private readonly note = make("p", { class: "note" });
  private readonly status = make("p", { class: "status", role: "status" });
  private readonly said = make("p", { class: "said", role: "alert" });
  private readonly unguard: () => void;
  private readonly onState = () => this.show();
  private patience: ReturnType<typeof setTimeout> | undefined;

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
    this.frame.append(
      make("p", {}, make("strong", {}, "Predict. "), ...markedText(model.get("question"))),
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
    this.show();
  }

  close(): void {
    clearTimeout(this.patience);
    this.listeners.abort();
    this.unguard();
    for (const trait of TRAITS) this.model.off(trait, this.onState);
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
    // Disabled while a prediction is on its way to the kernel: Enter in the field sends none either.
    if (!this.model.get("is_open") || this.button.disabled) return;
    const value = this.answer.value();
    const sure = this.sureness.value;
    if (value === null) this.say(this.answer.request);
    else if (sure === null) this.say("Say how sure you are, too.");
    else this.send(value, Number(sure));
  }

  private send(value: PredictionValue, sure: number): void {
    this.button.disabled = true;
    this.said.textContent = "";
    this.patience = setTimeout(() => this.say(WAITING), PATIENCE);
    this.model.send({ type: "lock", protocol: PROTOCOL_VERSION, value, sure });
  }

  private say(text: string): void {
    this.said.replaceChildren(...markedText(text));
  }

  private show(): void {
    clearTimeout(this.patience);
    const locked = this.model.get("locked");
    const isOpen = this.model.get("is_open");
    this.frame.setAttribute("data-labkit-state", isOpen ? "open" : locked ? "locked" : "closed");
    if (isOpen) this.answer.open();
    else this.answer.close(locked?.value ?? null);
    if (!isOpen) this.sureness.value = locked?.sure ? String(locked.sure) : null;
    this.sureness.disabled = !isOpen;
    this.sureness.element.hidden = !isOpen && !locked?.sure;
    this.button.hidden = !isOpen;
    this.button.disabled = false;
    this.note.replaceChildren(...markedText(this.model.get("note")));
    this.status.replaceChildren(...markedText(locked?.text ?? ""));
    this.say(this.model.get("said"));
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
