/**
 * The broadcasting explorer of the course: two shapes that are edited, aligned at the right, with
 * what is stretched, the shape of the result, or PyTorch's error and the dimension that it names.
 */

import type {
  BroadcastAsked,
  BroadcastQuery,
  BroadcastReading,
  BroadcastState,
} from "../../messages/broadcast";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { STYLE } from "./style";
import { ShapeTable } from "./table";

/** The part of the widget's model that the view uses. */
export type BroadcastModel = WidgetModel<BroadcastState, BroadcastAsked>;

type Shapes = readonly (readonly number[])[];
type Edit = (shape: readonly number[]) => readonly number[];

const EVENTS = ["change:reading", "change:said", "change:answered"] as const;
const WAITING = waitingText("PyTorch is asked.");
const EDITS: readonly (readonly [string, string, Edit])[] = [
  ["unsqueeze(0)", "Add a dimension of size 1 at the front", (shape) => [1, ...shape]],
  ["unsqueeze(-1)", "Add a dimension of size 1 at the end", (shape) => [...shape, 1]],
  ["squeeze()", "Remove all dimensions of size 1", (shape) => shape.filter((size) => size !== 1)],
];

/** Draws the explorer; returns its clean-up. */
export const render = rendering((model: BroadcastModel, root) => new BroadcastView(model, root));

class BroadcastView {
  private readonly frame = document.createElement("div");
  private readonly buttons = document.createElement("div");
  private readonly form = document.createElement("form");
  private readonly element = document.createElement("p");
  private readonly error = document.createElement("pre");
  private readonly said = document.createElement("p");
  private readonly fields: HTMLInputElement[] = [];
  private readonly names: HTMLElement[] = [];
  private readonly table: ShapeTable;
  private readonly unguard: () => void;
  private readonly onChange = () => this.renew();
  /** The shapes that were asked for last. */
  private shapes: Shapes;
  private readonly queries: Queries<BroadcastQuery>;

  constructor(
    private readonly model: BroadcastModel,
    private readonly root: HTMLElement,
  ) {
    this.shapes = this.reading.shapes;
    this.queries = new Queries(model, () => this.say(WAITING, false));
    this.table = new ShapeTable({
      onSize: (row, dimension, text) => this.setSize(row, dimension, text),
      onStep: (row, dimension, change) => this.step(row, dimension, change),
    });
    this.build();
    this.unguard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onChange);
    this.draw();
  }

  close(): void {
    this.queries.close();
    this.unguard();
    for (const event of EVENTS) this.model.off(event, this.onChange);
    this.root.replaceChildren();
  }

  private get reading(): BroadcastReading {
    return this.model.get("reading");
  }

  private build(): void {
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.frame.className = "labkit-broadcast";
    this.frame.dataset.labkitView = "broadcast";
    this.buttons.className = "pairs";
    this.element.className = "element";
    this.error.className = "error";
    this.said.setAttribute("role", "status");
    for (const row of this.reading.shapes.keys()) this.form.append(this.line(row));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.askForTyped();
    });
    this.frame.append(this.buttons, this.form, this.table.element);
    this.frame.append(this.said, this.error, this.element);
    this.root.replaceChildren(style, this.frame);
  }

  /** Makes the field and the buttons of one of the shapes. */
  private line(row: number): HTMLElement {
    const line = document.createElement("div");
    line.className = "line";
    const label = document.createElement("label");
    const name = document.createElement("span");
    const field = document.createElement("input");
    field.title = "The shape, as in 3, 4. Press Enter to try it.";
    field.spellcheck = false;
    field.autocomplete = "off";
    field.addEventListener("change", () => this.askForTyped());
    // In notebooks, Enter does not always submit a form.
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.askForTyped();
    });
    label.append(name, " ", field);
    this.names.push(name);
    this.fields.push(field);
    line.append(label, ...EDITS.map(([text, title, edit]) => this.editor(row, text, title, edit)));
    return line;
  }

  private editor(row: number, text: string, title: string, edit: Edit): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.title = title;
    button.addEventListener("click", () => {
      this.askForShapes(this.shapes.map((shape, at) => (at === row ? edit(shape) : shape)));
    });
    return button;
  }

  private renew(): void {
    if (!this.queries.areAnswered) return;
    this.shapes = this.reading.shapes;
    this.draw();
  }

  private draw(): void {
    const { reading, model } = this;
    const problem = model.get("said");
    this.names.forEach((name, row) => {
      name.textContent = reading.names[row] ?? "";
    });
    // What was typed stays there to be mended.
    if (!problem) this.writeFields(reading.shapes);
    this.drawButtons();
    this.table.draw(reading);
    this.element.textContent = reading.element;
    this.error.textContent = reading.error && `RuntimeError: ${reading.error}`;
    this.error.hidden = !reading.error;
    this.element.hidden = !reading.element;
    this.say(problem || reading.said, problem !== "");
  }

  private drawButtons(): void {
    const { reading, model, buttons } = this;
    const focused = [...buttons.children].indexOf(document.activeElement as Element);
    const made = model.get("pairs").map((pair, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = pair.name;
      button.title = `Show ${pair.names.join(" and ")}`;
      const same = String(pair.names) === String(reading.names);
      button.setAttribute("aria-pressed", String(same && written(pair) === written(reading)));
      button.addEventListener("click", () => this.askForShapes(pair.shapes, at));
      return button;
    });
    buttons.replaceChildren(...made);
    made[focused]?.focus();
  }

  private setSize(row: number, dimension: number, text: string): void {
    if (String(this.shapes[row]?.[dimension]) === text.trim()) return;
    const texts = this.shapes.map((shape, at) =>
      shape.map((size, place) => (at === row && place === dimension ? text : size)).join(", "),
    );
    this.ask(texts);
  }

  private step(row: number, dimension: number, change: number): void {
    const changed = this.shapes.map((shape, at) =>
      shape.map((size, place) =>
        at === row && place === dimension ? Math.max(1, size + change) : size,
      ),
    );
    this.askForShapes(changed);
  }

  private askForTyped(): void {
    const typed = this.fields.map((field) => field.value);
    if (String(typed) !== String(this.shapes.map((shape) => shape.join(", ")))) this.ask(typed);
  }

  private askForShapes(shapes: Shapes, pair?: number): void {
    this.shapes = shapes;
    this.writeFields(shapes);
    this.ask(
      shapes.map((shape) => shape.join(", ")),
      pair,
    );
  }

  private writeFields(shapes: Shapes): void {
    this.fields.forEach((field, row) => {
      field.value = shapes[row]?.join(", ") ?? "";
    });
  }

  private ask(shapes: readonly string[], pair = this.pairShown()): void {
    this.queries.send({ pair, shapes });
  }

  /** The place of a pair with the names that are shown. */
  private pairShown(): number {
    const names = String(this.reading.names);
    return Math.max(
      0,
      this.model.get("pairs").findIndex((pair) => String(pair.names) === names),
    );
  }

  private say(text: string, isProblem: boolean): void {
    this.said.className = isProblem ? "problem" : "";
    this.said.textContent = text;
  }
}

function written({ shapes }: { readonly shapes: Shapes }): string {
  return shapes.map((shape) => shape.join(",")).join(" and ");
}

export default { render };
