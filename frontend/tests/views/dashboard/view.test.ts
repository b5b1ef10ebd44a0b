// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DashboardForm } from "../../../src/messages/widgets";
import { drawDashboard } from "../../../src/views/dashboard/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";
import { tableOf } from "../curves/sample";
import { finding } from "../findings/sample";

let session: StubSession;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  stubObservers();
  localStorage.clear();
  session = new StubSession();
  session.state = stateOf({ step: 7 });
  draw();
});

function draw(width = 1000, form: DashboardForm | null = null): void {
  root = document.createElement("div");
  root.scrollIntoView = vi.fn();
  Object.defineProperty(root, "clientWidth", { value: width });
  document.body.replaceChildren(root);
  close = drawDashboard(root, session, form);
}

function tab(name: string): HTMLElement {
  return root.querySelector(`[data-labkit-tab="${name}"]`) as HTMLElement;
}

function shown(): string[] {
  return [...root.querySelectorAll<HTMLElement>("[role=tabpanel] [data-labkit-view]")].map(
    (view) => view.dataset.labkitView as string,
  );
}

function button(name: string): HTMLElement {
  return [...root.querySelectorAll<HTMLElement>(`[aria-label="${name}"]`)].at(-1) as HTMLElement;
}

describe("the tabs of a dashboard", () => {
  it("draw only the cards in front", () => {
    expect(shown()).toEqual(["curves", "graph"]);
    tab("gradients").click();
    expect(shown()).toEqual(["curves", "gradients"]);
    expect(tab("gradients").getAttribute("aria-selected")).toBe("true");
    expect(tab("graph").getAttribute("aria-selected")).toBe("false");
  });

  it("are reached by the arrow keys, and moved with Control and Shift", () => {
    tab("graph").focus();
    press(tab("graph"), "ArrowRight");
    expect(document.activeElement).toBe(tab("gradients"));
    expect(shown()).toContain("gradients");
    press(tab("gradients"), "ArrowRight", { ctrlKey: true, shiftKey: true });
    const names = [...root.querySelectorAll<HTMLElement>("[data-labkit-tab]")];
    expect(names.map(({ dataset }) => dataset.labkitTab).slice(0, 4)).toEqual([
      "curves",
      "graph",
      "activations",
      "gradients",
    ]);
    expect(document.activeElement).toBe(tab("gradients"));
  });

  it("are dropped on each other", () => {
    tab("details").dispatchEvent(new Event("dragstart"));
    tab("graph").dispatchEvent(new Event("drop", { bubbles: true }));
    expect(tab("details").nextElementSibling).toBe(tab("graph"));
  });

  it("keep the focus when a key moves them to another group", () => {
    const key = { ctrlKey: true, shiftKey: true };
    press(tab("graph"), "ArrowLeft", key);
    expect(tab("graph").parentElement).toBe(tab("curves").parentElement);
    expect(document.activeElement).toBe(tab("graph"));
    press(tab("graph"), "ArrowRight", key);
    expect(tab("graph").nextElementSibling).toBe(tab("gradients"));
    expect(document.activeElement).toBe(tab("graph"));
  });

  it("are dropped at the end of the group in which they are dropped", () => {
    tab("curves").dispatchEvent(new Event("dragstart"));
    drop(tab("details").parentElement);
    expect(tab("details").nextElementSibling).toBe(tab("curves"));
    tab("layers").dispatchEvent(new Event("dragstart"));
    drop(tab("curves").parentElement);
    expect(tab("curves").nextElementSibling).toBe(tab("layers"));
  });

  it("are dropped into a column of their own if one is free", () => {
    const target = () =>
      [...root.querySelectorAll<HTMLElement>(".labkit-drop-target")].find((each) =>
        each.textContent?.includes("column"),
      );
    tab("details").dispatchEvent(new Event("dragstart"));
    expect(target()?.hidden).toBe(true);
    tab("details").dispatchEvent(new Event("dragend"));
    tab("curves").dispatchEvent(new Event("dragstart"));
    drop(tab("graph"));
    expect(root.querySelectorAll("[role=tablist]")).toHaveLength(1);
    tab("curves").dispatchEvent(new Event("dragstart"));
    expect(target()?.hidden).toBe(false);
    drop(target());
    expect(root.querySelectorAll("[role=tablist]")).toHaveLength(2);
    expect(shown()).toEqual(["curves", "graph"]);
    expect(target()?.hidden).toBe(true);
  });

  it("include the samples once some were logged", () => {
    expect(tab("samples")).toBeNull();
    const first = { name: "made", kind: "image", steps: [3], logged: 1 } as const;
    session.samples = [first];
    close();
    draw();
    expect(tab("samples")).not.toBeNull();
  });

  it("show the number of changes and findings", () => {
    session.findings = [finding()];
    session.notify("snapshot");
    close();
    draw();
    expect(tab("findings").textContent).toBe("Findings1");
  });
});

describe("a card at full width", () => {
  it("is below the tabs, folds, and goes back", () => {
    button("Widen").click();
    const row = root.querySelector(".labkit-row") as HTMLElement;
    expect(row.querySelector("[data-labkit-view]")).not.toBeNull();
    const title = row.querySelector(".labkit-row-title") as HTMLElement;
    title.click();
    expect(title.getAttribute("aria-expanded")).toBe("false");
    expect((row.querySelector(".labkit-row-body") as HTMLElement).hidden).toBe(true);
    button("Back to the tabs").click();
    expect(root.querySelector(".labkit-row")).toBeNull();
  });
});

describe("the compact form", () => {
  beforeEach(() => {
    close();
    session.tables = [tableOf("loss", "loss", [3, 2, 1])];
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(206);
    draw(206, "compact");
  });

  afterEach(() => vi.restoreAllMocks());

  const note = () => root.querySelector(".labkit-compact-note")?.textContent;

  it("has a cursor, which arrow keys move and End removes", async () => {
    const keys = root.querySelector(".labkit-compact-stage [role=slider]") as HTMLElement;
    press(keys, "Home");
    expect(session.cursor).toBe(0);
    await vi.waitFor(() => expect(note()).toContain("loss 3"));
    press(keys, "ArrowRight");
    await vi.waitFor(() => expect(note()).toContain("loss 2at step 1"));
    expect(keys.getAttribute("aria-valuetext")).toBe("loss 2");
    press(keys, "End");
    expect(session.cursor).toBe(null);
    await vi.waitFor(() => expect(note()).not.toContain("loss"));
  });

  it("has the logged samples, once there are any", () => {
    const samples = () => root.querySelector<HTMLElement>(".labkit-compact-samples");
    expect(samples()?.hidden).toBe(true);
    session.samples = [{ name: "digit", kind: "text", steps: [2], logged: 1 }];
    session.notify("cursor");
    button("Compact form").click();
    expect(samples()?.hidden).toBe(true);
    button("Compact form").click();
    expect(samples()?.hidden).toBe(false);
    expect(samples()?.querySelector(".labkit-samples-cards")?.childElementCount).toBe(1);
  });
});

describe("an arrangement", () => {
  it("is restored in the next dashboard, of any run", () => {
    tab("gradients").click();
    button("Compact form").click();
    expect(root.classList).toContain("labkit-compact");
    close();
    session = new StubSession();
    draw();
    expect(root.classList).toContain("labkit-compact");
    button("Compact form").click();
    expect(shown()).toEqual(["curves", "gradients"]);
  });

  it("has the form that the program chooses, and leaves that of other runs as it was", () => {
    const isCompact = () => root.classList.contains("labkit-compact");
    close();
    draw(1000, "compact");
    expect(isCompact()).toBe(true);
    button("Compact form").click();
    close();
    draw(1000, "compact");
    expect(isCompact()).toBe(false); // a person has changed it in this run
    button("Compact form").click();
    close();
    session = new StubSession();
    draw();
    expect(isCompact()).toBe(false);
    button("Compact form").click();
    close();
    draw(1000, "whole");
    expect(isCompact()).toBe(false);
    expect(shown()).toEqual(["curves", "graph"]);
  });

  it("has a height that the arrow keys change", () => {
    const handle = root.querySelector("[role=separator]") as HTMLElement;
    const before = Number(handle.getAttribute("aria-valuenow"));
    press(handle, "ArrowDown");
    expect(Number(handle.getAttribute("aria-valuenow"))).toBeGreaterThan(before);
  });
});

describe("the headline", () => {
  const headline = () => root.querySelector(".labkit-headline") as HTMLButtonElement;

  it("says in one quiet word that nothing was found", () => {
    expect(headline().textContent).toContain("No findings");
    expect(headline().disabled).toBe(true);
  });

  it("says that a run ended without a step, also on a saved page", () => {
    session.state = stateOf({ status: "finished", step: 0 });
    session.exported = 1;
    session.tables = [];
    close();
    draw();
    expect(headline().textContent).toContain("The run ended before its first step");
    expect(root.textContent).toContain("This run ended before its first step");
    expect(root.textContent).not.toContain("saved before");
  });

  it("is the most severe finding, and leads to it", () => {
    session.findings = [finding({ rule: "nan", steps: [4, 9], where: ["fc1.weight"] }), finding()];
    close();
    draw();
    expect(headline().textContent).toContain("since step 4");
    expect(headline().textContent).toContain("and 1 more");
    headline().click();
    expect(shown()).toContain("findings");
    expect(session.cursor).toBe(4);
    expect(session.selected).toBe("fc1.weight");
    const card = root.querySelector('[data-labkit-finding="nan"] details') as HTMLDetailsElement;
    expect(card.open).toBe(true);
  });

  it("shortens long names, and has them in its tooltip", () => {
    const message = `The parameters ${"w".repeat(200)}.weight do not move.`;
    session.findings = [finding({ message })];
    close();
    draw();
    expect(headline().textContent).toMatch(/The parameters w+…w+.weight do not move\./);
    expect(headline().textContent?.length).toBeLessThan(120);
    expect(headline().title).toContain(message);
  });

  it("is an interrupt only without a finding, and an error of the loop in any case", () => {
    const message = "the loop was interrupted";
    session.state = stateOf({ step: 7, status: "interrupted", message });
    close();
    draw();
    expect(headline().textContent).toContain("The loop was interrupted");
    expect(headline().dataset.severity).toBe("hint");
    close();
    session.findings = [finding({ message: "The loss is NaN." })];
    draw();
    expect(headline().textContent).toContain("The loss is NaN.");
    close();
    session.state = stateOf({ step: 7, status: "failed", message: "the loop raised KeyError" });
    draw();
    expect(headline().textContent).toContain("The loop raised KeyError");
    expect(headline().dataset.severity).toBe("error");
  });

  it("is the problem of the connection before anything else", () => {
    session.problem = "The kernel has died.";
    session.findings = [finding()];
    close();
    draw();
    expect(headline().textContent).toContain("The kernel has died.");
  });
});

describe("the page", () => {
  it("scrolls once to the dashboard of a run that has just begun", async () => {
    session.state = stateOf({ step: 1, elapsed: 1 });
    session.notify("snapshot");
    session.notify("frame");
    await framesDrawn(3);
    expect(root.scrollIntoView).toHaveBeenCalledTimes(1);
  });

  it("stays where it is for an older run", async () => {
    session.state = stateOf({ step: 1000, elapsed: 60 });
    session.notify("snapshot");
    await framesDrawn(3);
    expect(root.scrollIntoView).not.toHaveBeenCalled();
  });
});

function drop(place: HTMLElement | null | undefined): void {
  place?.dispatchEvent(new Event("drop", { bubbles: true }));
}

async function framesDrawn(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame++) await new Promise(requestAnimationFrame);
}

function press(element: HTMLElement, key: string, keys: KeyboardEventInit = {}): void {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...keys }));
}
