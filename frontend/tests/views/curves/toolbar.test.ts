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

it("offers the learning rate after metrics that are recorded later", () => {
  const toolbar = new CurvesToolbar(
    () => undefined,
    document.createElement("span"),
    new ViewSettings(crypto.randomUUID()),
  );
  const tables = [tableOf("loss", "loss", [3, 2]), tableOf("lr", "0", [0.1, 0.1])];
  toolbar.choose(quantitiesOf(tables));
  toolbar.choose(quantitiesOf([...tables, tableOf("metric", "val_accuracy", [1])]));
  const chips = () => [...toolbar.element.querySelectorAll(".labkit-chip")];
  expect(chips().map(({ textContent }) => textContent)).toEqual([
    "loss",
    "val_accuracy",
    "learning rate",
  ]);
});
