// @vitest-environment jsdom
import { describe, expect, it, vi } from "vitest";
import { type PredictionModel, render } from "../../../src/course/prediction/card";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { lockMessages, predictionStates } from "../../fixtures/messages";
import { CardPage, FakeModel, type Kind } from "./fake-model";

const KINDS: Kind[] = ["choice", "number", "exact", "curve", "place"];

describe("the card of a prediction", () => {
  it("asks for the answer, then for how sure one is, and sends both", () => {
    const page = new CardPage("choice");
    expect(page.find("p").textContent).toBe("Predict. What does x give?");
    page.lockIn();
    expect(page.said).toBe("Choose an answer first.");
    page.click('.options input[value="b"]');
    expect(page.said).toBe("");
    page.lockIn();
    expect(page.said).toContain("how sure");
    page.chooseSureness(3);
    page.lockIn();
    expect(page.model.sent).toEqual([lockMessages.choice]);
  });

  it("sets code and emphasis in options, and no other markup", () => {
    const page = new CardPage("choice", { question: "<b>`a` 2 * 3 * 4</b>" });
    expect(page.find(".options code").textContent).toBe("cpu");
    expect(page.find(".options em").textContent).toBe("always");
    expect(page.find("p").textContent).toBe("Predict. <b>a 2 * 3 * 4</b>");
    expect(page.find("p").querySelector("em, b")).toBeNull();
  });

  it.each(KINDS)("shows a locked %s, which cannot be changed", (kind) => {
    const page = new CardPage(kind);
    page.locked(kind);
    expect(page.find("form").dataset.labkitState).toBe("locked");
    expect(page.find(".status").textContent).toContain("Locked in: ");
    expect(page.find<HTMLButtonElement>("button.lock").hidden).toBe(true);
    const controls = page.root.querySelectorAll<HTMLInputElement>("input");
    expect([...controls].every((each) => each.matches(":disabled"))).toBe(true);
    page.lockIn();
    expect(page.model.sent).toEqual([]);
  });

  it.each(KINDS)("is empty after the %s that was locked in is forgotten", (kind) => {
    const page = new CardPage(kind);
    page.locked(kind);
    page.model.update({ locked: null, is_open: true });
    page.lockIn();
    expect(page.said).toMatch(/first/);
    expect(page.root.querySelector(".sureness :checked")).toBeNull();
  });

  it("can be answered again after a reset", () => {
    const page = new CardPage("number");
    page.locked("number");
    expect(page.find<HTMLInputElement>('input[type="text"]').value).toBe("1.5");
    page.model.update({ locked: null, is_open: true });
    page.type("2");
    page.chooseSureness(1);
    page.lockIn();
    expect(page.model.sent[0]?.value).toBe("2");
  });

  it("has radio buttons of its own beside other cards", () => {
    const page = new CardPage("choice");
    page.click('.options input[value="a"]');
    page.chooseSureness(2);
    const beside = document.createElement("div");
    document.body.append(beside);
    render({
      model: new FakeModel(predictionStates.choice) as unknown as PredictionModel,
      el: beside,
    });
    beside.querySelector<HTMLElement>('.options input[value="b"]')?.click();
    expect(page.find<HTMLInputElement>('.options input[value="a"]').checked).toBe(true);
  });

  it("can be answered after the outcome was computed, and says what that means", () => {
    const page = new CardPage("choice", { note: "You can *still* predict." });
    expect(page.find("form").dataset.labkitState).toBe("open");
    expect(page.find(".note em").textContent).toBe("still");
    page.click('.options input[value="b"]');
    page.model.update({ note: "Another." });
    page.chooseSureness(3);
    page.lockIn();
    expect(page.model.sent).toEqual([lockMessages.choice]);
    page.locked("choice");
    expect(page.find(".status").textContent).toContain("Locked in: ");
  });

  it("is closed if the outcome was shown beside another prediction", () => {
    const page = new CardPage("choice", { is_open: false, note: "It was shown to you." });
    expect(page.find("form").dataset.labkitState).toBe("closed");
    expect(page.find(".note").textContent).toBe("It was shown to you.");
    page.lockIn();
    expect(page.model.sent).toEqual([]);
  });

  it("sends one prediction, also if Enter is pressed again before the kernel answers", () => {
    const page = new CardPage("exact");
    page.type("(1, 4)");
    page.chooseSureness(2);
    page.press('input[type="text"]', "Enter", "Enter");
    page.lockIn();
    expect(page.model.sent).toHaveLength(1);
  });

  it("shows a refusal, and lets one try again", () => {
    const page = new CardPage("exact");
    page.type("one");
    page.chooseSureness(2);
    page.lockIn();
    expect(page.find<HTMLButtonElement>("button.lock").disabled).toBe(true);
    page.model.update({ said: "This asks for `2` whole numbers." });
    expect(page.said).toBe("This asks for 2 whole numbers.");
    expect(page.find<HTMLButtonElement>("button.lock").disabled).toBe(false);
  });

  it("says that the kernel is busy if it does not answer", () => {
    vi.useFakeTimers();
    const page = new CardPage("exact");
    page.type("(1, 4)");
    page.chooseSureness(2);
    page.press('input[type="text"]', "Enter");
    expect(page.model.sent).toHaveLength(1);
    vi.advanceTimersByTime(2000);
    expect(page.said).toContain("The kernel is busy");
    page.locked("exact");
    expect(page.said).toBe("");
    vi.useRealTimers();
  });

  it("says that the kernel is gone if nothing can be sent, and lets one try again", () => {
    const page = new CardPage("exact");
    page.model.send = () => {
      throw new Error("Cannot send");
    };
    page.type("(1, 4)");
    page.chooseSureness(2);
    page.lockIn();
    expect(page.said).toContain("run the cell again");
    expect(page.find<HTMLButtonElement>("button.lock").disabled).toBe(false);
  });

  it("says that the kernel is gone if it is restarted before it answers", () => {
    const page = new CardPage("exact");
    page.model.listeners.get("comm_live_update")?.();
    expect(page.said).toBe("");
    page.type("(1, 4)");
    page.chooseSureness(2);
    page.lockIn();
    page.model.listeners.get("comm_live_update")?.();
    expect(page.said).toContain("run the cell again");
  });

  it("gives the focus of its hidden button to the sentence that says what is locked in", () => {
    const page = new CardPage("choice");
    page.click('.options input[value="b"]');
    page.chooseSureness(3);
    page.find("button.lock").focus();
    page.lockIn();
    page.locked("choice");
    expect(document.activeElement).toBe(page.find(".status"));
    expect(page.find("form").getAttribute("aria-label")).toBe("Predict. What does x give?");
  });

  it("shows a sentence if the kernel has another protocol version", () => {
    const page = new CardPage("choice", { protocol: PROTOCOL_VERSION + 1 });
    expect(page.root.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
    expect(page.root.querySelector("input")).toBeNull();
  });

  it("removes its elements and listeners when it is closed", () => {
    const page = new CardPage("curve");
    page.close();
    expect(page.root.childElementCount).toBe(0);
    expect(page.model.listeners.size).toBe(0);
  });
});

describe("a number", () => {
  it("has a slider that follows the field, and the other way round", () => {
    const page = new CardPage("number");
    const slider = page.find<HTMLInputElement>('input[type="range"]');
    page.type("2.4");
    expect(slider.value).toBe("2.4");
    slider.value = "0.6";
    slider.dispatchEvent(new Event("input"));
    expect(page.find<HTMLInputElement>('input[type="text"]').value).toBe("0.6");
    expect(page.find(".field").textContent).toContain("s");
  });

  it("is the slider's own value if its handle is pressed", () => {
    const page = new CardPage("number");
    page.find('input[type="range"]').dispatchEvent(new Event("pointerup"));
    expect(page.find<HTMLInputElement>('input[type="text"]').value).not.toBe("");
  });

  it("may be beyond the ends of the slider", () => {
    const page = new CardPage("number");
    page.type("30");
    page.chooseSureness(2);
    page.lockIn();
    expect(page.model.sent[0]?.value).toBe("30");
  });
});

describe("a place", () => {
  it("is marked with a click, at the centre of a cell", () => {
    const page = new CardPage("place");
    const board = page.find(".board");
    board.getBoundingClientRect = () => new DOMRect(0, 0, 80, 40);
    board.dispatchEvent(new MouseEvent("click", { clientX: 55, clientY: 35 }));
    expect(page.find(".words").textContent).toBe("Marked: column 2, row 1.");
    page.chooseSureness(1);
    page.lockIn();
    expect(page.model.sent).toEqual([lockMessages.place]);
  });

  it("is marked with the keyboard", () => {
    const page = new CardPage("place");
    const board = page.find(".board");
    board.focus();
    page.press(".board", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp");
    expect(page.find(".words").textContent).toBe("At column 0, row 0.");
    page.press(".board", "ArrowRight", "ArrowDown", "Enter");
    expect(page.find(".words").textContent).toBe("Marked: column 1, row 1.");
    expect(board.getAttribute("aria-label")).toContain("eight cells");
  });

  it("names a cell by its number where the cells are numbered", () => {
    const form = {
      kind: "place",
      picture: "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
      description: "eight samples",
      x: [-0.5, 3.5],
      y: [1.5, -0.5],
      cells: true,
      names: ["x", "y"],
      numbered: "sample",
    };
    const page = new CardPage("place", { form });
    const board = page.find(".board");
    board.getBoundingClientRect = () => new DOMRect(0, 0, 80, 40);
    board.dispatchEvent(new MouseEvent("click", { clientX: 55, clientY: 35 }));
    expect(page.find(".words").textContent).toBe("Marked: sample 6.");
  });

  it("shows the description where the picture is none", () => {
    const form = {
      kind: "place",
      picture: "<p>oops",
      description: "eight cells",
      x: [0, 1],
      y: [0, 1],
      cells: false,
      names: ["x", "y"],
      numbered: "",
    };
    expect(new CardPage("place", { form }).find(".board").textContent).toContain("eight cells");
  });
});
