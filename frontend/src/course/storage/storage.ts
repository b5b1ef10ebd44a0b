/**
 * The storage explorer of the course: a strip of memory, and below it what a shape, a stride and an
 * offset read from it. A cell that is pointed at is marked in both.
 */

import type {
  StorageAsked,
  StorageQuery,
  StorageReading,
  StorageState,
} from "../../messages/storage";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { Cells } from "./cells";
import { hues, indexOf, sumOf } from "./places";
import { STYLE } from "./style";

/** The part of the widget's model that the view uses. */
export type StorageModel = WidgetModel<StorageState, StorageAsked>;

const HELP = "Point at a number, above or below, to see which number of the other it is.";
const WAITING = waitingText("The kernel reads the storage.");
const NAMES = ["shape", "stride", "offset"] as const;
const ANSWERS = ["change:answered", "change:said"] as const;
const TITLES = {
  shape: "The size of each dimension, as in 3, 4",
  stride: "How many places to jump for one step along each dimension, as in 4, 1",
  offset: "The place of the first element",
};

/** Draws the explorer; returns its clean-up. */
export const render = rendering((model: StorageModel, root) => new StorageView(model, root));

class StorageView {
  private readonly frame = document.createElement("div");
  private readonly buttons = document.createElement("div");
  private readonly strip = document.createElement("div");
  private readonly blocks = document.createElement("div");
  private readonly form = document.createElement("form");
  private readonly sum = document.createElement("p");
  private readonly said = document.createElement("p");
  private readonly fields = new Map<string, HTMLInputElement>();
  private readonly unguard: () => void;
  private readonly queries: Queries<StorageQuery>;
  private above: Cells | null = null;
  private below: Cells | null = null;
  private readonly onReading = () => this.draw();
  private readonly onAnswer = () => this.showSaid();

  constructor(
    private readonly model: StorageModel,
    private readonly root: HTMLElement,
  ) {
    this.queries = new Queries(model, () => {
      this.said.textContent = WAITING;
    });
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.frame.className = "labkit-storage";
    this.frame.dataset.labkitView = "storage";
    this.buttons.className = "recipes";
    this.strip.className = "strip";
    this.blocks.className = "blocks";
    this.sum.className = "sum";
    this.sum.setAttribute("aria-live", "polite");
    this.said.setAttribute("role", "status");
    const count = model.get("values").length;
    const above = heading(`storage: one strip of ${count} ${count === 1 ? "number" : "numbers"}`);
    const below = heading("what shape, stride and offset read from it");
    this.frame.append(above, this.strip, this.sum, below, this.buttons, this.form);
    this.frame.append(this.said, this.blocks);
    this.drawForm();
    root.replaceChildren(style, this.frame);
    this.unguard = guardShortcuts(this.frame);
    model.on("change:reading", this.onReading);
    for (const event of ANSWERS) model.on(event, this.onAnswer);
    this.draw();
  }

  close(): void {
    this.queries.close();
    this.unguard();
    this.model.off("change:reading", this.onReading);
    for (const event of ANSWERS) this.model.off(event, this.onAnswer);
    this.root.replaceChildren();
  }

  private get reading(): StorageReading {
    return this.model.get("reading");
  }

  private draw(): void {
    const { reading } = this;
    for (const name of NAMES) {
      const field = this.fields.get(name);
      if (field) field.value = [reading[name]].flat().join(", ");
    }
    this.drawButtons();
    this.drawStrip();
    this.drawBlocks();
    this.point(new Set(), null);
    this.showSaid();
  }

  private drawButtons(): void {
    const { reading } = this;
    const focused = [...this.buttons.children].indexOf(document.activeElement as Element);
    const buttons = this.model.get("recipes").map((recipe) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = recipe.name;
      button.title = `Show how ${recipe.name} reads the storage`;
      const same = NAMES.every((name) => String(recipe[name]) === String(reading[name]));
      button.setAttribute("aria-pressed", String(same));
      button.addEventListener("click", () => {
        this.ask(recipe.shape.join(", "), recipe.stride.join(", "), String(recipe.offset));
      });
      return button;
    });
    this.buttons.replaceChildren(...buttons);
    buttons[focused]?.focus();
  }

  private drawForm(): void {
    for (const name of NAMES) {
      const field = document.createElement("input");
      field.className = name;
      field.title = `${TITLES[name]}. Press Enter to read the storage like this.`;
      field.spellcheck = false;
      field.autocomplete = "off";
      const label = document.createElement("label");
      label.append(`${name} `, field);
      this.fields.set(name, field);
      this.form.append(label);
    }
    const read = document.createElement("button");
    read.textContent = "Read";
    read.title = "Read the storage with this shape, stride and offset";
    this.form.append(read);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.askForTyped();
    });
    // In notebooks, Enter does not always submit a form.
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      this.askForTyped();
    });
  }

  private askForTyped(): void {
    this.ask(...(NAMES.map((name) => this.fields.get(name)?.value ?? "") as Typed));
  }

  private drawStrip(): void {
    const { reading } = this;
    const colours = hues(reading, this.model.get("values").length);
    const texts = this.model.get("values").map((value, place) => ({
      value,
      place: `@${place}`,
      hue: colours[place] ?? null,
      label: `place ${place} holds ${value}`,
    }));
    this.above = new Cells(texts, 1, (place) => {
      if (place === null) this.point(new Set(), null);
      else this.pointAtPlace(place);
    });
    this.strip.replaceChildren(...this.above.elements);
  }

  private drawBlocks(): void {
    const { reading } = this;
    const values = this.model.get("values");
    const colours = hues(reading, values.length);
    const columns = reading.shape.at(-1) ?? 1;
    const rows = reading.shape.at(-2) ?? 1;
    const texts = reading.places.map((place, element) => ({
      value: values[place] ?? "",
      place: `@${place}`,
      hue: colours[place] ?? null,
      label: `element [${indexOf(element, reading.shape).join(", ")}] reads place ${place}`,
    }));
    this.below = new Cells(texts, columns, (element) => {
      if (element === null) this.point(new Set(), null);
      else this.pointAtElement(element);
    });
    const cells = this.below.elements;
    const size = Math.max(1, rows * columns);
    const blocks = [];
    for (let begin = 0; begin < cells.length; begin += size) {
      const block = document.createElement("div");
      block.className = "block";
      block.style.gridTemplateColumns = `repeat(${columns}, auto)`;
      block.append(...cells.slice(begin, begin + size));
      blocks.push(block);
    }
    this.blocks.replaceChildren(...blocks);
  }

  private pointAtPlace(place: number): void {
    const { places, shape } = this.reading;
    const elements = places.flatMap((each, element) => (each === place ? [element] : []));
    const names = elements.map((element) => `[${indexOf(element, shape).join(", ")}]`).join(", ");
    this.point(new Set(elements), place);
    this.sum.textContent = names
      ? `place ${place} is read by ${names}`
      : `no element reads place ${place}`;
  }

  private pointAtElement(element: number): void {
    const place = this.reading.places[element] ?? 0;
    this.point(new Set([element]), place);
    this.sum.textContent = `${sumOf(element, this.reading)}, which holds ${this.model.get("values")[place]}`;
  }

  private point(elements: ReadonlySet<number>, place: number | null): void {
    this.above?.mark(new Set(place === null ? [] : [place]));
    this.below?.mark(elements);
    this.sum.textContent = HELP;
  }

  private showSaid(): void {
    const problem = this.model.get("said");
    this.said.className = problem ? "problem" : "";
    this.said.textContent = problem || this.reading.said;
  }

  private ask(...[shape, stride, offset]: Typed): void {
    this.queries.send({ shape, stride, offset });
  }
}

type Typed = [shape: string, stride: string, offset: string];

function heading(text: string): HTMLElement {
  const element = document.createElement("h4");
  element.textContent = text;
  return element;
}

export default { render };
