// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BatchesModel, render } from "../../../src/course/batches/batches";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { batchesStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  model = new FakeWidgetModel(batchesStates.batches);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as BatchesModel, el: root });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll("button")].find(
    (each) => each.textContent === name || each.title === name,
  );
  if (!found) throw new Error(`no button ${name}`);
  return found;
}

function cells(figure: number): SVGElement[] {
  const svg = root.querySelectorAll("figure svg")[figure];
  return [...(svg?.querySelectorAll<SVGElement>("rect.cell") ?? [])];
}

function status(): string {
  return root.querySelector("[role=status]")?.textContent ?? "";
}

describe("the traced loader", () => {
  it("draws every sample, every batch, and a lane for each process", () => {
    expect(cells(0).map((each) => each.dataset.index)).toEqual(["0", "1", "2", "3", "4"]);
    expect(cells(1).map((each) => each.dataset.index)).toEqual(["3", "0", "1", "2"]);
    expect(root.textContent).toContain("batch 1, worker 1");
    expect(cells(0)[4]?.classList).toContain("none");
    const drawings = [...root.querySelectorAll("figure")];
    const lanes = [...(drawings[2]?.querySelectorAll("text.lane") ?? [])];
    expect(lanes.map((each) => each.textContent)).toEqual(["worker 0", "worker 1", "loop"]);
  });

  it("follows an index through the epochs, by pointer and by key", () => {
    cells(1)[0]?.dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(status()).toBe(
      "Index 3, class 1. epoch 1: batch 0, worker 0, place 0; epoch 2: in no batch.",
    );
    const grid = root.querySelector<HTMLElement>("[role=group]");
    grid?.dispatchEvent(new Event("pointerleave"));
    for (const key of ["ArrowRight", "ArrowRight"]) {
      grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect(status()).toContain("Index 1, class 0.");
    expect(cells(0).filter((each) => each.classList.contains("followed")).length).toBe(1);
    grid?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(status()).toContain("Point at a sample");
  });

  it("turns to another epoch and says how often a sample was drawn", () => {
    expect(button("The epoch before").disabled).toBe(true);
    button("The next epoch").click();
    expect(root.textContent).toContain("epoch 2 of 2");
    cells(0)[4]?.dispatchEvent(new Event("click", { bubbles: true }));
    expect(status()).toContain("epoch 2: batch 0, worker 0, place 0, 2 times in this epoch");
  });

  it("shows any moment of an epoch", () => {
    const slider = root.querySelector<HTMLInputElement>("input[type=range]");
    if (!slider) throw new Error("no slider");
    slider.value = "550";
    slider.dispatchEvent(new Event("input"));
    expect(cells(1).map((each) => each.dataset.index)).toEqual(["3", "0"]);
    expect(root.querySelectorAll("line.cursor").length).toBe(1);
  });

  it("plays, pauses where it is, and goes on from there", () => {
    vi.stubGlobal("matchMedia", () => ({ matches: false }));
    vi.useFakeTimers({ toFake: ["performance", "requestAnimationFrame", "cancelAnimationFrame"] });
    const moment = () => Number(root.querySelector<HTMLInputElement>("input[type=range]")?.value);
    button("Play").click();
    vi.advanceTimersByTime(500);
    button("Pause").click();
    const paused = moment();
    expect(paused).toBeGreaterThan(0);
    vi.advanceTimersByTime(500);
    expect(moment()).toBe(paused);
    button("Play").click();
    vi.advanceTimersByTime(100);
    expect(moment()).toBeGreaterThan(paused);
    vi.advanceTimersByTime(60_000);
    expect(moment()).toBe(1000);
    expect(button("Play")).toBeTruthy();
  });

  it("colours by batch, worker or class", () => {
    const before = cells(0)[1]?.getAttribute("fill");
    button("class").click();
    expect(button("class").getAttribute("aria-pressed")).toBe("true");
    expect(cells(0)[1]?.getAttribute("fill")).not.toBe(before);
  });

  it("refuses another version, and cleans up", () => {
    close();
    expect(root.childElementCount).toBe(0);
    model.traits.protocol = PROTOCOL_VERSION + 1;
    render({ model: model as unknown as BatchesModel, el: root });
    expect(root.textContent).toContain("Restart the kernel");
  });
});
