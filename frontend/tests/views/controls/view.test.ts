// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RunState, RunStatus } from "../../../src/messages/run";
import { enabledActions } from "../../../src/views/controls/buttons";
import { factsOf, progressOf, STALE } from "../../../src/views/controls/facts";
import { undeliveredText } from "../../../src/views/controls/undelivered";
import { drawControls } from "../../../src/views/controls/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";

class FakeSession extends StubSession {
  answer = true;

  constructor(override state: RunState | null) {
    super();
  }

  override async control(): Promise<boolean> {
    return this.answer;
  }

  change(facts: Partial<RunState>): void {
    this.state = stateOf({ ...this.state, ...facts });
    this.notify("frame");
  }
}

beforeEach(stubObservers);

function draw(session: FakeSession) {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const close = drawControls(root, session);
  const button = (name: string) =>
    [...root.querySelectorAll("button")].find(
      (each) => each.textContent === name,
    ) as HTMLButtonElement;
  const message = () => root.querySelector(".labkit-message")?.textContent;
  return { root, close, button, message };
}

describe("the buttons", () => {
  it.each([
    [null, []],
    ["waiting", ["pause", "stop"]],
    ["running", ["pause", "stop"]],
    ["pausing", ["resume", "step", "stop"]],
    ["paused", ["resume", "step", "stop"]],
    ["idle", []],
    ["finished", []],
    ["failed", []],
  ] as const)("are enabled according to the status %s", (status, actions) => {
    expect([...enabledActions(status)]).toEqual(actions);
  });

  it("are updated with the status of the run", () => {
    const session = new FakeSession(stateOf());
    const { button } = draw(session);
    expect([button("Pause").disabled, button("Resume").disabled]).toEqual([false, true]);
    session.change({ status: "paused" });
    expect([button("Pause").disabled, button("Resume").disabled]).toEqual([true, false]);
  });

  it("show what to do if a click is not delivered", async () => {
    const session = new FakeSession(stateOf());
    session.answer = false;
    const { button, message } = draw(session);
    button("Stop").click();
    await vi.waitFor(() => expect(message()).toBe(undeliveredText(session)));
    session.change({ status: "stopped" });
    expect(message()).toBe("");
  });

  it("show at once what to do while clicks do not reach the kernel, as the facts do", async () => {
    const session = new FakeSession(stateOf());
    const { root, button, message } = draw(session);
    session.isOneWay = true;
    session.delivery = { clicks: "cell end", isText: false };
    session.change({ step: 1 });
    await vi.waitFor(() => expect(root.textContent).toContain("clicks after the cell"));
    button("Stop").click();
    expect(message()).toBe(undeliveredText(session));
  });

  it("show that the step has not ended, until the run is paused", async () => {
    const session = new FakeSession(stateOf());
    const { button, message } = draw(session);
    button("Pause").click();
    expect(message()).toContain("Pausing");
    session.change({ status: "pausing", step: 1 });
    expect(message()).toContain("Pausing");
    session.change({ status: "paused" });
    expect(message()).toBe("");
  });

  it("show that a single step has not ended, until the run is paused after it", () => {
    const session = new FakeSession(stateOf({ status: "paused", step: 4 }));
    const { button, message } = draw(session);
    button("Step").click();
    session.change({ status: "pausing" });
    expect(message()).toContain("Doing one step");
    session.change({ status: "paused", step: 5 });
    expect(message()).toBe("");
  });

  it("move the focus when the focused button is disabled", () => {
    const session = new FakeSession(stateOf());
    const { button } = draw(session);
    button("Pause").focus();
    session.change({ status: "paused" });
    expect(document.activeElement).toBe(button("Resume"));
  });
});

describe("the controls", () => {
  it("do not interpret names as markup", () => {
    const { root } = draw(new FakeSession(stateOf({ name: "<img src=x>" })));
    expect(root.querySelector("img")).toBeNull();
    expect(root.querySelector(".labkit-run-name")?.textContent).toBe("<img src=x>");
  });

  it("say which cell has ended while the run is open", () => {
    const message = "the cell was interrupted at step 400";
    const { root } = draw(new FakeSession(stateOf({ status: "idle", message })));
    expect(root.querySelector(".labkit-status")?.textContent).toBe("Idle");
    expect(root.textContent).toContain(message);
  });

  it("do not show a run as live whose kernel is gone", async () => {
    const running = { status: "running", steps_per_second: 40, process_memory: 2e8 } as const;
    const session = new FakeSession(stateOf(running));
    session.delivery = { clicks: "subshell", isText: false };
    const { root, button, message } = draw(session);
    expect(root.textContent).toContain("40.0 steps/s");
    button("Pause").click();
    session.problem = "The kernel is gone.";
    session.delivery = null;
    session.notify("connection");
    expect(message()).toBe("");
    await vi.waitFor(() => expect(root.querySelector(".labkit-status")?.textContent).toBe(STALE));
    expect(root.querySelector<HTMLElement>(".labkit-status")?.title).toBe("The kernel is gone.");
    const shown = [...root.querySelectorAll("[data-labkit-fact]")];
    expect(shown.map((each) => each.getAttribute("data-labkit-fact"))).toEqual([
      "step",
      "elapsed",
      "device",
      "parameters",
    ]);
  });

  it.each([
    ["running", "watching: getting started"],
    ["finished", "watching: too short to measure"],
  ] as const)("have no figure of what the first steps cost, status %s", (status, text) => {
    const facts = factsOf(stateOf({ status, cost: 1.185, getting_started: true }));
    expect(facts.find(({ id }) => id === "cost")?.text).toBe(text);
  });

  it("show the status of an ended run without its kernel", () => {
    const session = new FakeSession(stateOf({ status: "finished" }));
    session.problem = "The kernel is gone.";
    const { root } = draw(session);
    expect(root.querySelector(".labkit-status")?.textContent).toBe("Finished");
  });

  it.each([
    ["pausing", "Pausing"],
    ["paused", "Paused"],
  ] as const)("show the status %s", (status, word) => {
    const { root } = draw(new FakeSession(stateOf({ status })));
    const shown = root.querySelector<HTMLElement>(".labkit-status");
    expect([shown?.textContent, shown?.dataset.status]).toEqual([word, status]);
    expect(shown?.title).toContain("held");
  });

  it("remove their elements and listeners when they are closed", () => {
    const session = new FakeSession(stateOf());
    const { root, close } = draw(session);
    expect(root.dataset.labkitView).toBe("controls");
    close();
    expect(session.listeners.size).toBe(0);
    expect(root.children).toHaveLength(0);
  });

  it("show only known facts, each with an explanation", () => {
    const facts = factsOf(
      stateOf({ step: 1200, total_steps: 5000, epoch: 3, steps_per_epoch: 500 }),
    );
    expect(facts.map(({ text }) => text)).toEqual([
      "step 1,200 / 5,000",
      "epoch 3 / 10",
      "0 s",
      "cpu",
      "10 parameters",
      "slows training by less than 1 %",
    ]);
    expect(facts.every(({ explanation }) => explanation.endsWith("."))).toBe(true);
  });

  it("leave out what the log of another tool does not say", () => {
    const state = stateOf({ status: "finished", read_from: "metrics.csv", device: "unknown" });
    const ids = (changes: Partial<RunState>) =>
      factsOf({ ...state, ...changes }).map(({ id }) => id);
    const unknown = ["device", "parameters", "cost"];
    expect(ids({ elapsed: 0 })).not.toEqual(expect.arrayContaining(["elapsed"]));
    expect(ids({ elapsed: 5 })).toEqual(expect.arrayContaining(["file", "step", "elapsed"]));
    expect(ids({}).filter((id) => unknown.includes(id))).toEqual([]);
    expect(ids({ device: "cpu" }).filter((id) => unknown.includes(id))).toEqual(unknown);
    expect(ids({ read_from: null }).filter((id) => unknown.includes(id))).toEqual(unknown);
  });

  it("give the duration of slow steps instead of a rate", () => {
    const rates = [0, 0.04, 0.5, 12].map(
      (steps_per_second) =>
        factsOf(stateOf({ steps_per_second })).find(({ id }) => id === "rate")?.text,
    );
    expect(rates).toEqual([undefined, "25.0 s per step", "2.0 s per step", "12.0 steps/s"]);
  });

  it("say what the length of the run is read from", () => {
    const state = stateOf({ status: "running", total_steps: 20, remaining: 90 });
    const explanations = (length_source: string | null) =>
      factsOf({ ...state, length_source })
        .filter(({ id }) => id === "step" || id === "remaining")
        .map(({ explanation }) => explanation);
    for (const explanation of explanations("for epoch in range(4) (train.py:3)")) {
      expect(explanation).toContain(" Read from: for epoch in range(4) (train.py:3).");
    }
    expect(explanations(null).join()).not.toContain("Read from");
  });

  it("call the number of steps a limit if the loop may end early, until it has ended", () => {
    const state = stateOf({ step: 7, total_steps: 20, remaining: 90, may_end_early: true });
    const texts = (status: RunStatus) =>
      factsOf({ ...state, status, epoch: 1, steps_per_epoch: 10 }).map(({ text }) => text);
    expect(texts("running")).toEqual(
      expect.arrayContaining([
        "step 7 / at most 20",
        "epoch 1 / at most 2",
        "at most 1 min 30 s left",
      ]),
    );
    expect(texts("finished")).toEqual(expect.arrayContaining(["step 7 / 7", "epoch 1 / 1"]));
    expect(progressOf({ ...state, status: "finished" })).toBe(1);
  });

  it("show the progress if the total is known", () => {
    expect(progressOf(stateOf({ step: 5 }))).toBeNull();
    expect(progressOf(stateOf({ step: 5, total_steps: 20 }))).toBe(0.25);
  });
});
