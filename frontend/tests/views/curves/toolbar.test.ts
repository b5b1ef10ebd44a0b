// @vitest-environment jsdom
import { expect, it } from "vitest";
import { ViewSettings } from "../../../src/parts/view-settings";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { CurvesToolbar } from "../../../src/views/curves/toolbar";
import { blockOf } from "./sample";

it("keeps what was chosen when the view is made anew", () => {
  const run = crypto.randomUUID();
  const blocks = [blockOf("loss", "loss", [3, 2]), blockOf("metric", "accuracy", [0, 1])];
  const quantities = quantitiesOf(blocks);
  const make = () =>
    new CurvesToolbar(() => undefined, document.createElement("span"), new ViewSettings(run));
  const first = make();
  document.body.append(first.element); // an element outside the document emits no event
  first.choose(quantities);
  first.element.querySelector<HTMLButtonElement>('button[title="accuracy"]')?.click();
  const log = first.element.querySelector<HTMLInputElement>("input[type=checkbox]");
  log?.click();
  const again = make();
  expect(again.logarithmic).toBe(true);
  expect(again.choose(quantities).map(({ key }) => key)).toEqual(["loss"]);
});
