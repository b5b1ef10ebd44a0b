// @vitest-environment jsdom
import { expect, it, vi } from "vitest";
import { ViewSettings } from "../../../src/parts/view-settings";
import { BY_STEP, timeAxis } from "../../../src/plot/step-axis";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { CurvesToolbar } from "../../../src/views/curves/toolbar";
import { tableOf } from "./sample";

const ACTIONS = { changed: vi.fn(), export: vi.fn() };
const TIMES = { steps: [1, 10], values: [1, 10] };

it("restores the selection when the view is created again", () => {
  const run = crypto.randomUUID();
  const tables = [tableOf("loss", "loss", [3, 2]), tableOf("metric", "accuracy", [0, 1])];
  const quantities = quantitiesOf(tables);
  const make = () =>
    new CurvesToolbar(ACTIONS, document.createElement("span"), new ViewSettings(run));
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
    ACTIONS,
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

it("offers the axes of which enough is known, and restores the selected one", () => {
  const run = crypto.randomUUID();
  const make = () =>
    new CurvesToolbar(ACTIONS, document.createElement("span"), new ViewSettings(run));
  const axes = [BY_STEP, timeAxis(TIMES) ?? BY_STEP];
  const first = make();
  document.body.replaceChildren(first.element);
  const menu = first.element.querySelector<HTMLSelectElement>("select") as HTMLSelectElement;
  expect(first.chooseAxis([BY_STEP]).kind).toBe("step");
  expect(menu.hidden).toBe(true);
  expect(first.chooseAxis(axes).kind).toBe("step");
  expect(menu.hidden).toBe(false);
  menu.value = "time";
  menu.dispatchEvent(new Event("change"));
  expect(ACTIONS.changed).toHaveBeenCalled();
  expect(make().chooseAxis(axes).kind).toBe("time");
});

it("saves a file of the selected format", () => {
  const toolbar = new CurvesToolbar(
    ACTIONS,
    document.createElement("span"),
    new ViewSettings(crypto.randomUUID()),
  );
  const menu = toolbar.element.querySelector<HTMLSelectElement>("[aria-label=Export]");
  for (const format of ["PNG", "CSV"]) {
    if (menu) menu.value = format;
    menu?.dispatchEvent(new Event("change"));
  }
  expect(ACTIONS.export.mock.calls).toEqual([["PNG"], ["CSV"]]);
  expect(menu?.value).toBe("");
});

it("offers to stack the parts of the loss, on a linear scale", () => {
  const toolbar = new CurvesToolbar(
    ACTIONS,
    document.createElement("span"),
    new ViewSettings(crypto.randomUUID()),
  );
  document.body.replaceChildren(toolbar.element);
  const [log, stack] = toolbar.element.querySelectorAll<HTMLInputElement>("[type=checkbox]");
  const offer = stack?.closest("label");
  expect(toolbar.stacks([])).toBe(false);
  expect(offer?.hidden).toBe(true);
  expect(toolbar.stacks(["kl", "fit"])).toBe(false);
  expect(offer?.title).toContain("kl, fit");
  stack?.click();
  expect(toolbar.stacks(["kl", "fit"])).toBe(true);
  log?.click();
  expect(toolbar.stacks(["kl", "fit"])).toBe(false);
  expect(stack?.disabled).toBe(true);
});
