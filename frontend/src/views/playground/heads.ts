/** The heads of the columns: names, numbers of units, and buttons that add and remove them. */

import type { PlaygroundLayer } from "../../messages/playground";
import { make } from "../../parts/element";
import type { Setup } from "./state";

const MAX_LAYERS = 6;
const MAX_UNITS = 8;
const NEW_UNITS = 2;

type Change = (settings: { hidden: readonly number[] }) => void;

/** Returns the heads of the inputs and of each layer. */
export function columnHeads({ message }: Setup, change: Change): HTMLElement[] {
  const { hidden } = message.settings;
  const last = message.layers.length - 1;
  const heads = message.layers.map((layer, place) => {
    const isOutput = place === last;
    if (message.own_model !== null) return ownHead(layer, isOutput);
    if (isOutput) return make("div", { class: "playground-head" }, "Output");
    const setUnits = (units: number) =>
      change({ hidden: hidden.map((n, other) => (other === place ? units : n)) });
    return make(
      "div",
      { class: "playground-head" },
      make("span", {}, unitsOf(layer)),
      stepButtons(`unit of layer ${place + 1}`, layer.units, [1, MAX_UNITS], setUnits),
    );
  });
  return [make("div", { class: "playground-head" }, "Inputs"), ...heads];
}

/** Returns the number of hidden layers with its buttons, or the name of a model of the user's. */
export function layerCount({ message }: Setup, change: Change): HTMLElement[] {
  const { hidden } = message.settings;
  if (message.own_model !== null) return [make("span", {}, message.own_model)];
  const set = (count: number) =>
    change({ hidden: count < hidden.length ? hidden.slice(0, count) : [...hidden, NEW_UNITS] });
  return [
    make("span", {}, `Hidden layers: ${hidden.length}`),
    stepButtons("hidden layer", hidden.length, [0, MAX_LAYERS], set),
  ];
}

/** Returns the head of a layer of the user's, with what is not drawn of it as a tooltip. */
function ownHead(layer: PlaygroundLayer, isOutput: boolean): HTMLElement {
  const title = layer.name || "Output";
  const count = isOutput ? `output${layer.units === 1 ? "" : "s"}` : unitsOf(layer);
  const head = make(
    "div",
    { class: "playground-head", title: [title, layer.note].filter(Boolean).join(". ") },
    make("span", { class: "playground-head-name" }, make("bdi", { dir: "ltr" }, title)),
    make("span", { class: "playground-head-line" }, make("span", {}, layer.name ? count : "")),
  );
  if (layer.note === "") return head;
  head.lastElementChild?.append(
    make(
      "span",
      { class: "playground-note", role: "note", tabindex: "0", "aria-label": layer.note },
      "?",
    ),
  );
  return head;
}

function unitsOf({ units, all_units }: PlaygroundLayer): string {
  if (units < all_units) return `${units} of ${all_units}`;
  return `${units} unit${units === 1 ? "" : "s"}`;
}

/** Returns two buttons that lower and raise a number by one. */
function stepButtons(
  what: string,
  count: number,
  [least, most]: readonly [number, number],
  set: (count: number) => void,
): HTMLElement {
  const button = (sign: string, word: string, next: number) => {
    const element = make(
      "button",
      { type: "button", class: "playground-small", title: `${word} a ${what}` },
      sign,
    );
    element.setAttribute("aria-label", `${word} a ${what}`);
    element.disabled = next < least || next > most;
    element.addEventListener("click", () => set(next));
    return element;
  };
  return make(
    "span",
    { class: "playground-step-buttons" },
    button("−", "Remove", count - 1),
    button("+", "Add", count + 1),
  );
}
