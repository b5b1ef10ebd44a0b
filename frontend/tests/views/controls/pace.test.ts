// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RunState } from "../../../src/messages/run";
import { factsOf } from "../../../src/views/controls/facts";
import { fasterPace, PACES, slowerPace } from "../../../src/views/controls/pace";
import { undeliveredText } from "../../../src/views/controls/undelivered";
import { drawControls } from "../../../src/views/controls/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";

class PacedSession extends StubSession {
  readonly requested: (number | null)[] = [];
  isDelivered = true;

  constructor(override state: RunState | null) {
    super();
  }

  override async setPace(pace: number | null): Promise<boolean> {
    this.requested.push(pace);
    return this.isDelivered;
  }

  change(facts: Partial<RunState>): void {
    this.state = stateOf({ ...this.state, ...facts });
    this.notify("frame");
  }
}

beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});

function draw(facts: Partial<RunState> = {}) {
  const session = new PacedSession(stateOf(facts));
  const dashboard = document.createElement("div");
  dashboard.dataset.labkitView = "dashboard";
  const root = document.createElement("div");
  dashboard.append(root);
  document.body.replaceChildren(dashboard);
  const close = drawControls(root, session);
  const button = (name: string) =>
    root.querySelector(`button[aria-label="${name}"]`) as HTMLButtonElement;
  const select = root.querySelector("select") as HTMLSelectElement;
  const shown = () => select.selectedOptions[0]?.textContent;
  const message = () =>
    [...root.querySelectorAll(".labkit-message")].map((each) => each.textContent).join("");
  const press = (key: string, target: Element = dashboard, more: KeyboardEventInit = {}) => {
    const options = { key, bubbles: true, cancelable: true, ...more };
    const event = new KeyboardEvent("keydown", options);
    target.dispatchEvent(event);
    return event;
  };
  return { session, dashboard, root, close, button, select, shown, message, press };
}

describe("the next pace", () => {
  it.each([
    [null, null, 1000],
    [null, 730, 500],
    [null, 0.4, 1],
    [1000, 730, 500],
    [30, 30, 20],
    [20, 3, 10],
    [1, 1, 1],
  ])("below %s is lower than what is measured, %s: %s", (pace, measured, expected) => {
    expect(slowerPace(pace, measured)).toBe(expected);
  });

  it.each([
    [1, 2],
    [30, 50],
    [1000, null],
    [null, null],
  ])("above %s is %s", (pace, expected) => {
    expect(fasterPace(pace)).toBe(expected);
  });
});

describe("the control of the pace", () => {
  it("offers all paces and full speed", () => {
    const { select } = draw();
    const texts = [...select.options].map((each) => each.textContent);
    expect(texts).toHaveLength(PACES.length + 1);
    expect(texts[0]).toBe("1 step/s");
    expect(texts.at(-2)).toBe("1,000 steps/s");
    expect(texts.at(-1)).toBe("full speed");
  });

  it("shows the pace in force, also one that is not in the list", () => {
    const { session, shown, select } = draw();
    expect(shown()).toBe("full speed");
    session.change({ pace: 20 });
    expect(shown()).toBe("20 steps/s");
    session.change({ pace: 12.5 });
    expect(shown()).toBe("12.5 steps/s");
    const values = [...select.options].map((each) => each.value);
    expect(values.indexOf("12.5")).toBe(values.indexOf("10") + 1);
    session.change({ pace: null });
    expect(shown()).toBe("full speed");
  });

  it("requests what is chosen, and shows it until the state arrives", async () => {
    const { session, select, shown, button, message } = draw();
    select.value = "50";
    select.dispatchEvent(new Event("change"));
    session.change({ step: 1 });
    expect([session.requested, shown()]).toEqual([[50], "50 steps/s"]);
    button("Faster").click();
    button("Faster").click();
    button("Slower").click();
    expect(session.requested).toEqual([50, 100, 200, 100]);
    await Promise.resolve();
    session.change({ pace: 100 });
    expect([shown(), message()]).toEqual(["100 steps/s", ""]);
  });

  it("goes from full speed to less than the loop's own", () => {
    const { session, button } = draw({ steps_per_second: 340 });
    expect(button("Faster").disabled).toBe(true);
    button("Slower").click();
    expect(session.requested).toEqual([200]);
    session.change({ pace: 1 });
  });

  it("says what to do if a request is not delivered, and shows the pace in force", async () => {
    const { session, button, message, shown } = draw({ pace: 10 });
    session.isDelivered = false;
    button("Faster").click();
    expect(shown()).toBe("20 steps/s");
    await vi.waitFor(() => expect(message()).toBe(undeliveredText(session)));
    expect(shown()).toBe("10 steps/s");
  });

  it("says at once what to do while clicks do not reach the kernel", () => {
    const { session, button, message } = draw({ pace: 10 });
    session.isOneWay = true;
    button("Slower").click();
    expect(message()).toBe(undeliveredText(session));
  });

  it.each(["idle", "finished"] as const)("is disabled while the run is %s", (status) => {
    const { session, button, select, press } = draw({ pace: 10, status });
    expect([button("Slower"), button("Faster"), select].every((each) => each.disabled)).toBe(true);
    press("[");
    expect(session.requested).toEqual([]);
  });
});

describe("the keys", () => {
  it("set the pace while the focus is in the dashboard, and no other handler sees them", () => {
    const { session, dashboard, press } = draw({ pace: 10 });
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    expect(press("[").defaultPrevented).toBe(true);
    press("]");
    press("]", dashboard, { altKey: true }); // the Option key of a German keyboard
    expect(session.requested).toEqual([5, 10, 20]);
    expect(outside).not.toHaveBeenCalled();
    press("x");
    expect(outside).toHaveBeenCalledOnce();
    document.body.removeEventListener("keydown", outside);
  });

  it("do nothing in a text field, and as parts of other shortcuts", () => {
    const { session, dashboard, press } = draw({ pace: 10 });
    const field = document.createElement("input");
    dashboard.append(field);
    expect(press("[", field).defaultPrevented).toBe(false);
    press("[", dashboard, { ctrlKey: true });
    press("]", dashboard, { metaKey: true });
    press("]", document.body);
    expect(session.requested).toEqual([]);
    press("]", dashboard, { ctrlKey: true, altKey: true, modifierAltGraph: true });
    expect(session.requested).toEqual([20]);
  });

  it("act in a section that keeps keys from the notebook, where they enter no text", () => {
    const { session, root, press } = draw({ pace: 10 });
    const slider = document.createElement("input");
    slider.type = "range";
    root.querySelector("details")?.append(slider);
    expect(press("[", slider).defaultPrevented).toBe(true);
    expect(session.requested).toEqual([5]);
  });

  it("are not read after the view is closed", () => {
    const { session, press, close } = draw({ pace: 10 });
    close();
    press("[");
    expect(session.requested).toEqual([]);
  });
});

describe("the facts of a paced run", () => {
  const rateOf = (facts: Partial<RunState>) =>
    factsOf(stateOf(facts)).find(({ id }) => id === "rate");

  it("say that the loop is slow on purpose", () => {
    const fact = rateOf({ steps_per_second: 19.9, pace: 20 });
    expect(fact?.text).toBe("19.9 steps/s, paced");
    expect(fact?.explanation).toContain("on purpose");
  });

  it("do not say so where the steps themselves are slower than the pace", () => {
    expect(rateOf({ steps_per_second: 3, pace: 20 })?.text).toBe("3.0 steps/s");
  });
});
