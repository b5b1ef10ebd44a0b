// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { render, type StorageModel } from "../../../src/course/storage/storage";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { storageQueries, storageStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  model = new FakeWidgetModel(storageStates.storage);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as StorageModel, el: root });
});

const above = () => [...root.querySelectorAll<HTMLElement>(".strip .cell")];
const below = () => [...root.querySelectorAll<HTMLElement>(".blocks .cell")];
const marked = (cells: HTMLElement[]) =>
  cells.flatMap((cell, at) => (cell.classList.contains("marked") ? [at] : []));
const sum = () => root.querySelector(".sum")?.textContent;
const status = () => root.querySelector("[role=status]")?.textContent;

describe("the storage explorer", () => {
  it("shows the strip, and what is read from it", () => {
    expect(above().map((cell) => cell.textContent)).toEqual(
      ["0.5", "1", "2", "3", "4", "5"].map((value, place) => `${value}@${place}`),
    );
    expect(below().map((cell) => cell.textContent?.split("@")[1])).toEqual([
      "1",
      "3",
      "2",
      "4",
      "3",
      "5",
    ]);
    expect(above()[0]?.className).toBe("cell unread");
    expect(status()).toBe("This is windows.");
  });

  it("marks a pointed place in both, and says how it comes about", () => {
    below()[5]?.dispatchEvent(new Event("pointerenter"));
    expect([marked(above()), marked(below())]).toEqual([[5], [5]]);
    expect(sum()).toBe("[2, 1]: 1 + 2 × 1 + 1 × 2 = place 5, which holds 5");
    above()[3]?.dispatchEvent(new Event("pointerenter"));
    expect([marked(above()), marked(below())]).toEqual([[3], [1, 4]]);
    expect(sum()).toBe("place 3 is read by [0, 1], [2, 0]");
    above()[0]?.dispatchEvent(new Event("pointerenter"));
    expect(sum()).toBe("no element reads place 0");
    above()[0]?.dispatchEvent(new Event("pointerleave"));
    expect([marked(above()), marked(below())]).toEqual([[], []]);
  });

  it("is walked through with the arrow keys", () => {
    below()[0]?.focus();
    below()[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    expect(document.activeElement).toBe(below()[2]);
    expect(sum()).toContain("[1, 0]: 1 + 1 × 1 + 0 × 2 = place 2");
    expect(below().filter((cell) => cell.tabIndex === 0)).toEqual([below()[2]]);
  });

  it("asks for the recipe of a button, and of the fields", () => {
    const [whole] = root.querySelectorAll<HTMLButtonElement>(".recipes button");
    whole?.click();
    expect(model.traits).toMatchObject(storageQueries.asked);
    const [shape] = root.querySelectorAll("input");
    if (shape) shape.value = "6";
    root.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    const query = { number: 2, shape: "6", stride: "1, 2", offset: "1" };
    expect(model.traits).toMatchObject({ page_protocol: PROTOCOL_VERSION, query });
    shape?.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }),
    );
    expect(model.saved).toBe(3);
  });

  it("shows what does not fit, and keeps what was typed", () => {
    const [shape] = root.querySelectorAll("input");
    if (shape) shape.value = "99";
    model.set("said", "The storage ends at 5.");
    expect(status()).toBe("The storage ends at 5.");
    expect(shape?.value).toBe("99");
  });

  it("says that it waits, where no answer comes for a while", () => {
    vi.useFakeTimers();
    const [whole] = root.querySelectorAll<HTMLButtonElement>(".recipes button");
    whole?.click();
    vi.advanceTimersByTime(200);
    expect(status()).toBe("This is windows.");
    vi.advanceTimersByTime(400);
    expect(status()).toContain("after a restart of the kernel");
    model.set("answered", 1);
    expect(status()).toBe("This is windows.");
    vi.useRealTimers();
  });

  it("refuses another version, and cleans up", () => {
    close();
    expect([root.childElementCount, model.listeners.size]).toEqual([0, 0]);
    model.traits.protocol = PROTOCOL_VERSION + 1;
    render({ model: model as unknown as StorageModel, el: root });
    expect(root.querySelector(".cell")).toBeNull();
  });
});
