// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Buffers } from "../../../src/decoding/buffers";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import type {
  StepperMessage,
  StepperRequest,
  WalkMessage,
  WireValue,
} from "../../../src/messages/stepper";
import { LiveSession } from "../../../src/transport/live-session";
import { drawStepper } from "../../../src/views/stepper/view";
import { FakeChannel, recorded, viewOf } from "../../fake-channel";
import { kernelMessages, stepperMessages, stepperRequests } from "../../fixtures/messages";
import { Sample } from "../graph/sample";

class Observer {
  observe(): void {}
  disconnect(): void {}
}

type Listener = (content: unknown, buffers?: Buffers) => void;

class Model {
  readonly sent: StepperRequest[] = [];
  readonly listeners = new Set<Listener>();
  send(content: StepperRequest): void {
    this.sent.push(content);
  }
  on(_: string, listener: Listener): void {
    this.listeners.add(listener);
  }
  off(_: string, listener: Listener): void {
    this.listeners.delete(listener);
  }
  receive(message: StepperMessage, buffers: Buffers = []): void {
    for (const listener of this.listeners) listener(message, buffers);
  }
}

class Buffer {
  readonly buffers: DataView[] = [];
  value(...numbers: number[]): WireValue {
    const stats = [Math.min(...numbers), Math.max(...numbers), 0, Math.hypot(...numbers)];
    this.buffers.push(viewOf(Float64Array.from(numbers)), viewOf(Float64Array.from(stats)));
    const at = this.buffers.length - 2;
    const shape = numbers.length === 1 ? [] : [numbers.length];
    const size = { rows: 1, columns: numbers.length };
    const known = { numbers: at, stats: at + 1, zeros: 0, not_finite: 0, reason: null };
    return { shape, dtype: "float32", whole: true, ...size, ...known };
  }
}

/** (3 w)², at w = 2. */
function walk(buffer: Buffer, w = 2): WalkMessage {
  const graph = new Sample().op("/w:0").op("/mul:0", "/w:0").op("/pow:0", "/mul:0").graph();
  const [y, z, dy, dw] = [3 * w, 9 * w * w, 6 * w, 18 * w];
  const rule = { forward: "self ** exponent", backward: [["self", "grad * 2 * self"]] as const };
  const formula = { ...rule, source: "derivatives.yaml: pow.Tensor_Scalar" };
  const none = { formula: null, before: null, after: null };
  const flow = (node: string, value: number) => ({ node, value: buffer.value(value), output: 0 });
  return {
    type: "walk",
    protocol: PROTOCOL_VERSION,
    request: null,
    graph,
    reason: null,
    why_not_editable: null,
    first_not_finite: null,
    first_zero: 4,
    leaves: [{ node: "/w:0", name: "w", editable: true, value: buffer.value(w) }],
    events: [
      {
        phase: "forward",
        node: "/mul:0",
        words: "mul.",
        inputs: [flow("/w:0", w)],
        outputs: [flow("/mul:0", y)],
        ...none,
      },
      {
        phase: "forward",
        node: "/pow:0",
        words: "pow.",
        inputs: [flow("/mul:0", y)],
        outputs: [flow("/pow:0", z)],
        ...none,
        formula,
      },
      {
        phase: "backward",
        node: "/pow:0",
        words: "back.",
        inputs: [flow("/pow:0", 1)],
        outputs: [flow("/mul:0", dy)],
        ...none,
        formula,
      },
      {
        phase: "backward",
        node: "/mul:0",
        words: "back.",
        inputs: [flow("/mul:0", dy)],
        outputs: [flow("/w:0", dw)],
        ...none,
      },
      {
        phase: "accumulate",
        node: "/w:0",
        words: "leaf.",
        inputs: [flow("/w:0", dw)],
        outputs: [],
        ...none,
        before: buffer.value(1),
        after: buffer.value(dw + 1),
      },
    ],
  };
}

let root: HTMLElement;
let model: Model;
let close: () => void;

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", Observer);
  vi.stubGlobal("ResizeObserver", Observer);
  vi.useFakeTimers();
  root = document.createElement("div");
  document.body.replaceChildren(root);
  model = new Model();
  const channel = new FakeChannel();
  close = drawStepper(root, new LiveSession(channel, recorded(channel)), model, recorded(model));
  const buffer = new Buffer();
  model.receive(walk(buffer), buffer.buffers);
});

afterEach(() => {
  close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function press(name: string): void {
  const found = [...root.querySelectorAll("button")].find((each) => each.textContent === name);
  if (!found || found.disabled) throw new Error(`there is no button ${name} to press`);
  found.click();
}

const step = () => Number(root.getAttribute("data-labkit-step"));

describe("the stepper", () => {
  it("requests the walk and shows its first event", () => {
    expect(model.sent[0]).toEqual(stepperRequests.walk);
    expect(step()).toBe(0);
    expect(root.getAttribute("data-labkit-phase")).toBe("forward");
    expect(root.textContent).toContain("1 of 5");
  });

  it("moves with the buttons and with the keys", () => {
    press("Step on");
    press("Step on");
    expect(step()).toBe(2);
    press("Step back");
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    expect(step()).toBe(2);
    expect(root.getAttribute("data-labkit-phase")).toBe("backward");
  });

  it("shows the chain rule with its numbers", () => {
    press("Step on");
    press("Step on");
    const sections = [...root.querySelectorAll("section")].map((each) => each.textContent);
    expect(sections[0]).toBe("gradient in1");
    expect(sections[1]).toContain("× local derivative12");
    expect(sections[1]).toContain("grad * 2 * self");
    expect(sections[2]).toContain("= gradient outto mul12");
  });

  it("shows the accumulation of .grad at the last event", () => {
    press("»");
    const sections = [...root.querySelectorAll("section")].map((each) => each.textContent);
    expect(sections).toEqual([".grad before1", "+ gradient36", "= .grad after37"]);
  });

  it("plays to the last event and stops", () => {
    press("Play");
    vi.advanceTimersByTime(60_000);
    expect(step()).toBe(4);
    expect(root.textContent).not.toContain("Pause");
  });

  it("jumps to the first zero gradient, and disables the jump to a NaN if there is none", () => {
    press("First zero");
    expect(step()).toBe(4);
    expect(() => press("First NaN")).toThrow();
  });

  it("sends an edit, and shows the new walk at the same event", () => {
    press("Step on");
    const field = root.querySelector<HTMLInputElement>("input[type=number]");
    if (!field) throw new Error("no field");
    field.value = "3";
    field.dispatchEvent(new Event("change"));
    expect(model.sent.at(-1)).toEqual({
      type: "edit",
      request: 1,
      leaf: "/w:0",
      index: 0,
      value: 3,
    });
    const buffer = new Buffer();
    model.receive(walk(buffer, 3), buffer.buffers);
    expect(step()).toBe(1);
    expect(root.textContent).toContain("= resultresult81");
  });

  it("sends an edit once when Enter is pressed, and leaves the focus in the field", () => {
    const field = () => root.querySelector<HTMLInputElement>("input[type=number]");
    field()?.focus();
    if (field()) (field() as HTMLInputElement).value = "3";
    field()?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    field()?.dispatchEvent(new Event("change"));
    expect(model.sent.filter((each) => each.type === "edit")).toHaveLength(1);
    const buffer = new Buffer();
    model.receive(walk(buffer, 3), buffer.buffers);
    expect(document.activeElement).toBe(field());
    expect(field()?.value).toBe("3");
  });

  it("moves with the arrow keys while a button has the focus", () => {
    press("Step on");
    const pressed = [...root.querySelectorAll("button")].find((b) => b.textContent === "Step on");
    pressed?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(step()).toBe(2);
  });

  it("gives the focus to the slider when the button that has it is disabled at the end", () => {
    const last = [...root.querySelectorAll("button")].find((each) => each.textContent === "»");
    last?.focus();
    press("»");
    expect(last?.disabled).toBe(true);
    expect(document.activeElement).toBe(root.querySelector("input[type=range]"));
  });

  it("shows why an edit was refused, and restores the value of the leaf", () => {
    const field = () => root.querySelector<HTMLInputElement>("input[type=number]");
    const held = field()?.value;
    if (!held) throw new Error("there is no field");
    (field() as HTMLInputElement).value = "12345";
    model.receive({ type: "refused", request: 1, reason: "no place 2" });
    expect(root.querySelector(".labkit-empty")?.textContent).toBe("no place 2");
    expect(field()?.value).toBe(held);
  });

  it("marks the phases on the slider", () => {
    const slider = root.querySelector<HTMLInputElement>("input[type=range]");
    const stripes = slider?.style.getPropertyValue("--labkit-stepper-phases") ?? "";
    const order = [...stripes.matchAll(/stepper-(forward|backward|accumulate)/g)].map(([, p]) => p);
    expect(order[0]).toBe("forward");
    expect(order.at(-1)).toBe("accumulate");
    expect(order).toContain("backward");
  });

  it("labels a result by its role", () => {
    const buffer = new Buffer();
    const message = walk(buffer);
    const nodes = message.graph.nodes.map((node) =>
      node.id === "/mul:0" ? { ...node, role: "attention weights" } : node,
    );
    model.receive({ ...message, graph: { ...message.graph, nodes } }, buffer.buffers);
    expect(root.textContent).toContain("attention weights6");
    press("Step on");
    expect(root.textContent).toContain("mul (attention weights)");
  });

  it("reads the messages that Python sends", () => {
    model.receive({ ...stepperMessages.walk, protocol: PROTOCOL_VERSION + 1 } as StepperMessage);
    expect(root.querySelector(".labkit-empty")?.textContent).toContain("Restart the kernel");
    model.receive(stepperMessages.refused);
    expect(root.querySelector(".labkit-empty")?.textContent).toBe("No.");
    model.receive(kernelMessages.fragment, []);
    expect(root.querySelector(".labkit-empty")?.textContent).toBe("No.");
  });

  it("removes its elements and listeners when it is closed", () => {
    close();
    const buffer = new Buffer();
    model.receive(walk(buffer), buffer.buffers);
    expect(root.children).toHaveLength(0);
  });
});
