/** The word that says how this page and the kernel reach each other while the loop runs. */

import type { NotebookKind } from "../../messages/kernel";
import type { Delivery } from "../../session";
import type { Fact } from "./facts";
import { remedyText } from "./undelivered";

const EFFECT = "The views are live, and a click takes effect at the end of a step. Measured here: ";

const CLICKS: Readonly<Record<Delivery["clicks"], readonly [text: string, explanation: string]>> = {
  subshell: [
    "live, clicks at once",
    `${EFFECT}while the cell ran, the kernel handled what this page sent on a thread beside it (a ` +
      "subshell). If the page is reloaded, it shows its views again when the cell has ended; at once " +
      "if the cell begins with %%train.",
  ],
  "step end": [
    "live, clicks at once",
    `${EFFECT}the training loop itself handled what this page sent, as this kernel does so only ` +
      "between cells. For other cells that run meanwhile, begin the cell with %%train.",
  ],
  background: [
    "live, clicks at once",
    `${EFFECT}the loop runs in the background, so the kernel is free to handle what this page ` +
      "sends. Other cells can run meanwhile, and a page that is reloaded has its views at once.",
  ],
  "cell end": [
    "live, clicks after the cell",
    "The views are live, as the kernel sends without being asked. Measured here: it has not handled " +
      "what this page sent, which it does only when the cell has ended. ",
  ],
};

const AS_TEXT =
  " This page does not receive binary data, so the kernel sends it as text, which is a third larger.";

export function deliveryFact({ clicks, isText }: Delivery, notebook: NotebookKind): Fact {
  const [text, measured] = CLICKS[clicks];
  const explanation = clicks === "cell end" ? measured + remedyText(notebook) : measured;
  return {
    id: "delivery",
    text: isText ? `${text}, sent as text` : text,
    explanation: isText ? explanation + AS_TEXT : explanation,
  };
}
