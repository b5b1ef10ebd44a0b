// @vitest-environment jsdom
import { expect, it } from "vitest";
import { ViewSettings } from "../../../src/parts/view-settings";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { CurvesToolbar } from "../../../src/views/curves/toolbar";
import { tableOf } from "./sample";

it("restores the selection when the view is created again", () => {
  const run = crypto.randomUUID();
  const tables = [tableOf("loss", "loss", [3, 2]), tableOf("metric", "accuracy", [0, 1])];
  const quantities = quantitiesOf(tables);
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
