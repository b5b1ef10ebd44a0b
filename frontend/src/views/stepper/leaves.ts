/** The values of the leaves, with fields to edit them. */

import { make } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { shapeText } from "../graph/structure/text";
import type { NodeNames } from "./node-names";
import type { Leaf, Walk } from "./walk";

/** Maximum number of elements of a leaf with fields. */
const MAX_FIELDS = 64;

export interface LeafActions {
  edit(leaf: string, index: number, value: number): void;
  reset(): void;
}

export function drawLeaves(walk: Walk, names: NodeNames, actions: LeafActions): HTMLElement {
  const reset = make("button", { type: "button", title: "Take all changes back" }, "Reset");
  reset.addEventListener("click", () => actions.reset());
  const rows = walk.leaves.map((leaf) => drawLeaf(leaf, names.of(leaf.node), actions));
  const why = walk.whyNotEditable;
  return make(
    "details",
    { class: "labkit-stepper-leaves", open: "" },
    make(
      "summary",
      { title: "Where the graph begins: what gradients are collected for." },
      "Leaves",
    ),
    ...rows,
    why === null ? reset : make("p", { class: "labkit-stepper-about" }, why),
  );
}

function drawLeaf(leaf: Leaf, name: string, actions: LeafActions): HTMLElement {
  const { numbers, whole, columns, shape } = leaf.value;
  const title = make("span", { class: "labkit-stepper-name" }, name);
  if (!numbers || !whole || !leaf.editable || numbers.length > MAX_FIELDS) {
    const text = numbers?.length === 1 && whole ? formatValue(numbers[0] ?? 0) : shapeText(shape);
    return make("div", {}, title, make("span", { class: "labkit-stepper-about" }, text));
  }
  const fields = make("div", { class: "labkit-stepper-fields" });
  fields.style.gridTemplateColumns = `repeat(${columns}, minmax(5.4em, 7em))`;
  numbers.forEach((number, index) => {
    const field = make("input", {
      type: "number",
      step: "any",
      value: String(Number(number.toPrecision(4))),
      "aria-label": `${name}, element ${index + 1}`,
      title: "Type another number and press Enter",
    });
    let sent = field.value;
    const send = () => {
      const value = Number(field.value);
      if (field.value === sent || field.value === "" || !Number.isFinite(value)) return;
      sent = field.value;
      actions.edit(leaf.node, index, value);
    };
    field.addEventListener("change", send);
    // In notebooks, Enter does not always trigger a change event.
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") send();
    });
    fields.append(field);
  });
  return make("div", {}, title, fields);
}
