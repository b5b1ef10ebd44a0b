// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SampleKind, SampleSeries } from "../../../src/messages/samples";
import type { Sample } from "../../../src/session";
import { drawSamples } from "../../../src/views/samples/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";

const MARKUP = "<img src=x onerror=alert(1)>";

/** Has a sample at each step of a series; its content is the name and the step. */
class SamplesSession extends StubSession {
  readonly requests: (readonly [string, number | null])[] = [];
  isAnswering = true;

  override async sample(name: string, step: number | null): Promise<Sample | null> {
    this.requests.push([name, step]);
    const series = this.samples.find((each) => each.name === name);
    if (!series || !this.isAnswering) return null;
    const found = this.isOneWay ? 9 : (step ?? (series.steps.at(-1) as number));
    const text = series.kind === "plotly" ? JSON.stringify(FIGURES[name]) : `${name} at ${found}`;
    return {
      name,
      step: found,
      kind: series.kind,
      description: `description of ${name}`,
      width: 30,
      height: 20,
      content: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>,
    };
  }
}

const FIGURES: Readonly<Record<string, unknown>> = {
  surface: { data: [{ type: "surface", z: [[1]] }], layout: {} },
};

function series(name: string, kind: SampleKind, steps: readonly number[]): SampleSeries {
  return { name, kind, steps, logged: steps.length };
}

let root: HTMLElement;
let session: SamplesSession;
let close: () => void;
const revoked = vi.fn();

beforeEach(() => {
  stubObservers();
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, 0));
  let count = 0;
  URL.createObjectURL = () => `blob:${++count}`;
  URL.revokeObjectURL = revoked.mockClear();
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new SamplesSession();
  session.state = stateOf({ step: 9 });
});

function open(...samples: SampleSeries[]): void {
  session.samples = samples;
  close = drawSamples(root, session);
}

function slider(name: string): HTMLInputElement {
  return root.querySelector(`input[aria-label="Step of ${name}"]`) as HTMLInputElement;
}

function move(name: string, place: number): void {
  slider(name).value = String(place);
  slider(name).dispatchEvent(new Event("input"));
}

/** Waits until the words at the heads of the cards are these. */
function awaitHeads(...heads: string[]): Promise<void> {
  return vi.waitFor(() => {
    const words = [...root.querySelectorAll("figcaption")].map(({ textContent }) => textContent);
    expect(words).toEqual(heads);
  });
}

describe("the samples of a run", () => {
  it("are shown side by side with their steps in words first of all", async () => {
    open(series("made", "image", [3, 1200]), series("prompt", "text", [3, 6, 9]));
    await awaitHeads("madestep 1,200", "promptstep 9");
    const image = root.querySelector("img") as HTMLImageElement;
    expect(image.alt).toBe("made at step 1,200: description of made");
    expect(image.src).toContain("blob:");
    expect(root.querySelector("pre")?.textContent).toBe("prompt at 9");
    expect(root.dataset.labkitStep).toBe("1200");
    expect(session.requests).toEqual([
      ["made", null],
      ["prompt", null],
    ]);
  });

  it("have names and texts that are never markup", async () => {
    open(series(MARKUP, "text", [1, 2]), series(`${MARKUP}2`, "image", [1]));
    await vi.waitFor(() => expect(root.querySelector("pre")?.textContent).toBe(`${MARKUP} at 2`));
    expect(root.querySelectorAll("[onerror]")).toHaveLength(0);
    expect(root.querySelectorAll("img")).toHaveLength(1);
    expect(root.querySelectorAll("option")[1]?.textContent).toBe(MARKUP);
  });

  it("follow the slider, which moves the cursor of all views, and the live end again", async () => {
    open(series("prompt", "text", [3, 6, 9]), series("made", "image", [3, 9]));
    await awaitHeads("promptstep 9", "madestep 9");
    move("prompt", 1);
    expect(session.cursor).toBe(6);
    await awaitHeads("promptstep 6", "madestep 3");
    expect(slider("made").value).toBe("0");
    expect(slider("made").getAttribute("aria-valuetext")).toBe("step 3");
    move("prompt", 2);
    expect(session.cursor).toBeNull();
    await awaitHeads("promptstep 9", "madestep 9");
  });

  it("follow the cursor of other views, also before the first sample", async () => {
    open(series("prompt", "text", [3, 6, 9]));
    session.setCursor(1);
    await awaitHeads("promptstep 3, the first");
    session.setCursor(8);
    await awaitHeads("promptstep 6");
    expect(root.querySelector(".labkit-cursor")?.textContent).toContain("at step 8");
  });

  it("are requested again when one is logged, also at the same step", async () => {
    vi.useFakeTimers();
    open(series("prompt", "text", [3]));
    await vi.advanceTimersByTimeAsync(10);
    session.samples = [{ ...series("prompt", "text", [3]), logged: 2 }];
    session.notify("frame");
    session.notify("frame");
    await vi.advanceTimersByTimeAsync(2000);
    expect(session.requests).toHaveLength(2);
    session.notify("frame");
    await vi.advanceTimersByTimeAsync(2000);
    expect(session.requests).toHaveLength(2);
    vi.useRealTimers();
  });

  it("are requested again after a time-out, and keep what was shown until then", async () => {
    open(series("prompt", "text", [3, 6]));
    await awaitHeads("promptstep 6");
    session.isAnswering = false;
    session.setCursor(3);
    await vi.waitFor(() => expect(root.textContent).toContain("has not sent this sample yet"));
    expect(root.querySelector("pre")?.textContent).toBe("prompt at 6");
    session.isAnswering = true;
    session.notify("cursor");
    await awaitHeads("promptstep 3");
    expect(root.textContent).not.toContain("has not sent");
  });

  it("that cannot be requested while a cell runs are requested when it has ended", async () => {
    open(series("prompt", "text", [3, 6, 9]));
    session.isOneWay = true;
    session.setCursor(3);
    await vi.waitFor(() => expect(root.textContent).toContain("of step 3 comes when the cell has"));
    await awaitHeads("promptstep 9");
    session.isOneWay = false;
    session.notify("frame");
    await awaitHeads("promptstep 3");
    expect(root.textContent).not.toContain("when the cell has ended");
  });

  it("can be chosen by name, and only one is shown first if there are many", async () => {
    open(...[..."abcdefg"].map((name) => series(name, "text", [1])));
    await awaitHeads("astep 1");
    const select = root.querySelector("select") as HTMLSelectElement;
    select.selectedIndex = 0;
    select.dispatchEvent(new Event("change"));
    await vi.waitFor(() => expect(root.querySelectorAll("figure")).toHaveLength(7));
    select.value = "c";
    select.dispatchEvent(new Event("change"));
    await awaitHeads("cstep 1");
  });

  it("leave nothing behind", async () => {
    open(series("made", "image", [3]));
    await awaitHeads("madestep 3");
    close();
    expect(revoked).toHaveBeenCalled();
    expect(session.listeners.size).toBe(0);
    expect(root.children).toHaveLength(0);
  });
});

describe("a run without samples", () => {
  it("says how to log them until there are some", async () => {
    open();
    expect(root.textContent).toContain("run.log(samples=images)");
    session.samples = [series("prompt", "text", [1])];
    session.notify("frame");
    await awaitHeads("promptstep 1");
  });
});

describe("a plotly figure", () => {
  it("that the page cannot draw is replaced by a sentence", async () => {
    open(series("surface", "plotly", [1]));
    await vi.waitFor(() => expect(root.textContent).toContain("traces of the type surface"));
  });
});
