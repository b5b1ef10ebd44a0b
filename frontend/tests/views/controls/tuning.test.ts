// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GroupFacts, GroupValue, RunEvent } from "../../../src/messages/tuning";
import type { ChangeReply, RequestedChange } from "../../../src/session";
import { POSITIONS, positionOf, valueAt } from "../../../src/views/controls/log-scale";
import { TuningSection } from "../../../src/views/controls/tuning";
import { undeliveredText } from "../../../src/views/controls/undelivered";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";

const RATE: GroupValue = { quantity: "lr", used: [0.1], own: [0.1], varies: false };
const EVENT: RunEvent = {
  id: 7,
  step: 1400,
  kind: "lr",
  where: "0",
  text: "learning rate of group 0: 0.1 → 0.05",
  taken_back: null,
};

class FakeSession extends StubSession {
  readonly sent: RequestedChange[] = [];
  reply: ChangeReply = { answered: true, reason: null };

  constructor() {
    super();
    this.state = stateOf({ budget: 0.03 });
  }

  override async changeTraining(change: RequestedChange): Promise<ChangeReply> {
    this.sent.push(change);
    return this.reply;
  }
}

function group(parts: Partial<GroupFacts> = {}): GroupFacts {
  return { name: "0", parameters: 4, values: [RATE], reason: null, ...parts };
}

let session: FakeSession;

beforeEach(() => {
  session = new FakeSession();
  session.tuning = { groups: [group()], modules: [], events: [] };
});

function draw() {
  const section = new TuningSection(session);
  document.body.replaceChildren(section.element);
  section.element.open = true;
  section.update();
  const named = <T extends HTMLElement>(name: string) =>
    section.element.querySelector(`[aria-label="${name}"]`) as T;
  const button = (text: string) =>
    [...section.element.querySelectorAll("button")].find(
      ({ textContent }) => textContent === text,
    ) as HTMLButtonElement;
  const message = () => section.element.querySelector(".labkit-message[role=status]")?.textContent;
  const enter = (name: string, value: string) => {
    const field = named<HTMLInputElement>(name);
    field.value = value;
    field.dispatchEvent(new Event("change"));
  };
  return { section, named, button, message, enter };
}

describe("the section", () => {
  it("is closed at first, and hidden if there is nothing to change", () => {
    expect(new TuningSection(session).element.open).toBe(false);
    session.tuning = { groups: [], modules: [], events: [] };
    expect(new TuningSection(session).element.hidden).toBe(true);
  });

  it("names every control", () => {
    session.tuning = {
      groups: [group({ values: [RATE, { ...RATE, quantity: "betas", used: [0.9, 0.99] }] })],
      modules: [{ path: "encoder", type: "Encoder", parameters: 10, frozen: 0, frozen_here: 0 }],
      events: [EVENT],
    };
    const { section } = draw();
    for (const control of section.element.querySelectorAll("input, select, button")) {
      expect(control.getAttribute("aria-label") ?? control.textContent).toBeTruthy();
    }
  });

  it("stays when the run ends, and says that nothing was changed", () => {
    const { section } = draw();
    session.tuning = { groups: [], modules: [], events: [] };
    session.state = stateOf({ status: "finished", step: 9 });
    section.update();
    expect([section, new TuningSection(session)].map(({ element }) => element.hidden)).toEqual([
      false,
      false,
    ]);
    const texts = [...section.element.querySelectorAll<HTMLElement>("p")];
    expect(texts.filter(({ hidden }) => !hidden).map(({ textContent }) => textContent)).toContain(
      "Nothing was changed.",
    );
  });

  it("counts the changes in force", () => {
    session.tuning = { ...session.tuning, events: [EVENT, { ...EVENT, id: 8, taken_back: 1500 }] };
    const { section } = draw();
    expect(section.element.querySelector(".labkit-tuning-count")?.textContent).toBe("1 change");
  });
});

describe("a hyperparameter", () => {
  it("is sent when its field is changed", () => {
    const { enter } = draw();
    enter("Learning rate of group 0", "0.02");
    expect(session.sent).toEqual([
      { type: "adjust", group: "0", quantity: "lr", value: [0.02], schedule: "scale" },
    ]);
  });

  it("is sent when its slider is released, and displayed while it is dragged", () => {
    const { named } = draw();
    const slider = named<HTMLInputElement>("Learning rate of group 0, logarithmic");
    slider.value = String(positionOf(0.001));
    slider.dispatchEvent(new Event("input"));
    expect(named<HTMLInputElement>("Learning rate of group 0").value).toBe("0.001");
    expect(session.sent).toEqual([]);
    slider.dispatchEvent(new Event("change"));
    expect(session.sent).toMatchObject([{ value: [0.001] }]);
  });

  it("is sent with the choice for its schedule where it varies by itself", () => {
    const { named, enter, section } = draw();
    const choice = named<HTMLSelectElement>("What a schedule does to the Learning rate of group 0");
    expect(choice.hidden).toBe(true);
    session.tuning = {
      ...session.tuning,
      groups: [group({ values: [{ ...RATE, varies: true }] })],
    };
    section.update();
    expect(choice.hidden).toBe(false);
    choice.value = "hold";
    enter("Learning rate of group 0", "0.02");
    expect(session.sent).toMatchObject([{ schedule: "hold" }]);
  });

  it("has two fields if it is a pair", () => {
    const betas: GroupValue = { ...RATE, quantity: "betas", used: [0.9, 0.999], own: [0.9, 0.999] };
    session.tuning = { ...session.tuning, groups: [group({ values: [betas] })] };
    const { enter } = draw();
    enter("Betas of group 0, second", "0.95");
    expect(session.sent).toMatchObject([{ quantity: "betas", value: [0.9, 0.95] }]);
  });

  it("shows the own value beside the one that was set", () => {
    session.tuning = {
      ...session.tuning,
      groups: [group({ values: [{ ...RATE, used: [0.05] }] })],
    };
    const { section } = draw();
    expect(section.element.textContent).toContain("own value 0.1");
  });

  it("is not overwritten while it is edited", () => {
    const { named, section } = draw();
    const field = named<HTMLInputElement>("Learning rate of group 0");
    field.focus();
    field.value = "0.0";
    session.tuning = { ...session.tuning, groups: [group({ values: [{ ...RATE, used: [0.2] }] })] };
    section.update();
    expect(field.value).toBe("0.0");
    field.blur();
    section.update();
    expect(field.value).toBe("0.2");
  });

  it("is disabled with the reason where it cannot be changed, and after the end", () => {
    const { named, section } = draw();
    const field = named<HTMLInputElement>("Learning rate of group 0");
    session.tuning = { ...session.tuning, groups: [group({ reason: "its step is compiled." })] };
    section.update();
    expect(field.disabled).toBe(true);
    expect(section.element.textContent).toContain("Cannot be changed: its step is compiled.");
    session.tuning = { ...session.tuning, groups: [group()] };
    session.state = stateOf({ status: "finished" });
    section.update();
    expect(field.disabled).toBe(true);
  });
});

describe("what is entered", () => {
  it.each([
    ["-3", "-3 was entered"],
    ["", "what was entered is no number"],
  ])("is not sent if it is %j, which is said", async (text, said) => {
    const { enter, message, named, section } = draw();
    enter("Learning rate of group 0", "0.02");
    enter("Learning rate of group 0", text);
    expect(session.sent).toHaveLength(1);
    await Promise.resolve();
    expect(message()).toContain(`learning rate takes a number of at least 0, and ${said}.`);
    section.update();
    expect(named<HTMLInputElement>("Learning rate of group 0").value).toBe("0.1");
  });
});

describe("the reply", () => {
  it("of a refusal is displayed in place", async () => {
    session.reply = { answered: true, reason: "The rate is 0 now." };
    const { enter, message } = draw();
    enter("Learning rate of group 0", "0.02");
    await vi.waitFor(() => expect(message()).toBe("The rate is 0 now."));
  });

  it("is not awaited on a page whose clicks do not arrive", () => {
    session.isOneWay = true;
    const { enter, message } = draw();
    enter("Learning rate of group 0", "0.02");
    expect(message()).toBe(undeliveredText(session));
  });

  it("that does not come says what to do", async () => {
    session.reply = { answered: false, reason: "timeout" };
    const { enter, message } = draw();
    enter("Learning rate of group 0", "0.02");
    expect(message()).toBe("Applied when the step ends…");
    await vi.waitFor(() => expect(message()).toBe(undeliveredText(session)));
  });
});

describe("modules", () => {
  it("are frozen and thawed", () => {
    const module = { path: "encoder", type: "Encoder", parameters: 10, frozen: 0, frozen_here: 0 };
    session.tuning = { ...session.tuning, modules: [module] };
    const { button, section } = draw();
    expect(button("Thaw").hidden).toBe(true);
    button("Freeze").click();
    session.tuning = { ...session.tuning, modules: [{ ...module, frozen: 10, frozen_here: 10 }] };
    section.update();
    expect(section.element.textContent).toContain("encoder (frozen)");
    expect(button("Freeze").disabled).toBe(true);
    button("Thaw").click();
    expect(session.sent).toEqual([
      { type: "freeze", module: "encoder", frozen: true },
      { type: "freeze", module: "encoder", frozen: false },
    ]);
  });

  it("that are selected in another view are chosen, once", () => {
    const facts = { type: "Linear", parameters: 10, frozen: 0, frozen_here: 0 };
    session.tuning = {
      ...session.tuning,
      modules: ["encoder", "head"].map((path) => ({ path, ...facts })),
    };
    const { named, section } = draw();
    const choice = named<HTMLSelectElement>("Module to freeze or thaw");
    session.select("head.weight");
    section.update();
    expect(choice.value).toBe("head");
    choice.value = "encoder";
    section.update();
    expect(choice.value).toBe("encoder");
  });

  it("that the loop has frozen are not thawed", () => {
    const module = { path: "encoder", type: "Encoder", parameters: 10, frozen: 10, frozen_here: 0 };
    session.tuning = { ...session.tuning, modules: [module] };
    const { button } = draw();
    expect([button("Freeze").disabled, button("Thaw").hidden]).toEqual([true, true]);
  });
});

describe("changes", () => {
  it("are listed, the newest first, and taken back", () => {
    const older = { ...EVENT, id: 6, step: 30, taken_back: 90 };
    session.tuning = { ...session.tuning, events: [older, EVENT] };
    const { section, named } = draw();
    const items = [...section.element.querySelectorAll("li")].map(({ textContent }) => textContent);
    expect(items[0]).toContain("step 1,400");
    expect(items[1]).toContain("taken back at step 90");
    named(`Take back: ${EVENT.text}`).click();
    expect(session.sent).toEqual([{ type: "undo", event: 7 }]);
  });

  it("of the budget are those of the menu", () => {
    const { named } = draw();
    const menu = named<HTMLSelectElement>("Budget for watching");
    expect(menu.value).toBe("0.03");
    menu.value = "0.1";
    menu.dispatchEvent(new Event("change"));
    expect(session.sent).toEqual([{ type: "budget", budget: 0.1 }]);
  });
});

describe("the logarithmic scale", () => {
  it.each([1e-7, 1e-4, 0.01, 0.1, 10])("has a position for %d", (value) => {
    expect(valueAt(positionOf(value))).toBeCloseTo(value, 10);
  });

  it("has ends", () => {
    expect([positionOf(0), positionOf(1e9)]).toEqual([0, POSITIONS]);
  });
});
