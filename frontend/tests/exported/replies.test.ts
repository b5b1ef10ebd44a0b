import { describe, expect, it } from "vitest";
import { ExportedChannel } from "../../src/exported/channel";
import type { Recorded } from "../../src/exported/records";
import { RecordedReplies } from "../../src/exported/replies";
import { PROTOCOL_VERSION } from "../../src/messages/protocol";
import type { PictureKind } from "../../src/messages/values";
import { LiveSession } from "../../src/transport/live-session";
import { recorded, snapshot, viewOf } from "../fake-channel";

const BINS = 40;

function state(): Recorded {
  return {
    question: { type: "hello", protocol: PROTOCOL_VERSION, again: false },
    reply: { ...snapshot(1, { step: 9, status: "running" }), exported: 1_700_000_000 },
    buffers: [],
  };
}

function pictureAt(step: number, kind: PictureKind = "units"): Recorded {
  const picture = {
    module: "fc",
    kind,
    step,
    shape: [1, 1, 1] as const,
    panels: [""],
    rows: "sample",
    columns: "unit",
    silent: [],
    whole: [1, 1],
    values: 0,
    given: null,
  };
  return {
    question: { type: "picture", request: 0, module: "fc", kind, step },
    reply: { type: "picture", request: 0, picture },
    buffers: [viewOf(Float32Array.of(step))],
  };
}

function histogramsAt(step: number, names: readonly string[]): Recorded {
  const edges = names.flatMap((_, place) => Array(BINS + 1).fill(10 * step + place));
  const counts = names.flatMap((_, place) => Array(BINS).fill(step + place));
  return {
    question: { type: "histograms", request: 0, names, bins: "even", step },
    reply: { type: "histograms", request: 0, names, bins: "even", steps: 0, edges: 1, counts: 2 },
    buffers: [
      viewOf(Float64Array.from(names, () => step)),
      viewOf(Float64Array.from(edges)),
      viewOf(Float32Array.from(counts)),
    ],
  };
}

/** Opens the session of an exported run that contains some replies. */
function opened(...replies: Recorded[]): LiveSession {
  const stored = new RecordedReplies([state(), ...replies]);
  const channel = new ExportedChannel({ protocol: PROTOCOL_VERSION, run_id: "a" }, stored);
  const messages = recorded(channel);
  channel.begin();
  return new LiveSession(channel, messages);
}

describe("the session of an exported run", () => {
  it("has the state of the run at once, without a problem", () => {
    const session = opened();
    expect(session.state?.step).toBe(9);
    expect(session.exported).toBe(1_700_000_000);
    expect(session.problem).toBe(null);
    expect(session.delivery).toBe(null);
    session.close();
  });

  it("returns the newest picture up to a step, whatever the order in the page", async () => {
    const session = opened(pictureAt(9), pictureAt(1), pictureAt(5));
    const steps = await Promise.all(
      [null, 9, 8, 5, 1, 0].map((step) => session.picture("fc", "units", step)),
    );
    expect(steps.map((picture) => picture?.step)).toEqual([9, 9, 5, 5, 1, 1]);
    expect(steps[2]?.values).toEqual(Float32Array.of(5));
    expect(await session.picture("fc", "gates", null)).toBe(null);
    expect(await session.picture("other", "units", null)).toBe(null);
  });

  it("returns the histograms of parameters that were read at different steps", async () => {
    const session = opened(histogramsAt(3, ["a", "b"]), histogramsAt(7, ["a"]));
    const found = await session.histograms(["b", "gone", "a"], "even", null);
    expect(found?.map(({ name, step }) => [name, step])).toEqual([
      ["b", 3],
      ["a", 7],
    ]);
    expect(found?.[0]?.edges).toEqual(new Float64Array(BINS + 1).fill(31));
    expect(found?.[0]?.counts).toEqual(new Float32Array(BINS).fill(4));
    const earlier = await session.histograms(["a"], "even", 5);
    expect(earlier?.map(({ step }) => step)).toEqual([3]);
    expect(await session.histograms(["a"], "magnitude", null)).toEqual([]);
  });

  it("says of what the page does not contain that it is not there", async () => {
    const session = opened();
    expect(await session.graphOf("gone")).toBe(null);
    expect(await session.subjects()).toEqual([]);
    expect(await session.sample("made", 4)).toBe(null);
    const { value, reason, answered } = await session.inspect("fc.weight");
    expect([value, reason, answered]).toEqual([
      null,
      "This page does not contain its values.",
      true,
    ]);
    expect((await session.inspect("fc#1/addmm:0")).reason).toBe(null);
  });

  it("refuses what needs a kernel", async () => {
    const session = opened();
    const reply = await session.changeTraining({ type: "budget", budget: 0.1 });
    expect(reply.reason).toContain("without the kernel");
    const page = await session.exportPage(() => undefined);
    expect(page.page).toBe(null);
    await session.control("pause");
    expect(session.problem).toContain("without the kernel");
  });
});
