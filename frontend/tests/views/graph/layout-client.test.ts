import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LayoutClient, type LayoutWorker } from "../../../src/views/graph/layout/layout-client";
import type { LayoutReply, LayoutRequest } from "../../../src/views/graph/layout/messages";

class FakeWorker implements LayoutWorker {
  onmessage: LayoutWorker["onmessage"] = null;
  onerror: LayoutWorker["onerror"] = null;
  readonly sent: LayoutRequest[] = [];
  terminated = false;

  postMessage(message: LayoutRequest): void {
    this.sent.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(data: LayoutReply): void {
    this.onmessage?.({ data } as MessageEvent<LayoutReply>);
  }
}

let workers: FakeWorker[];
let layouter: LayoutClient;

beforeEach(() => {
  vi.useFakeTimers();
  workers = [];
  layouter = new LayoutClient(async () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  }, 3000);
});

afterEach(() => {
  layouter.close();
  vi.useRealTimers();
});

async function started(): Promise<FakeWorker> {
  await vi.advanceTimersByTimeAsync(0);
  const worker = workers.at(-1);
  if (!worker) throw new Error("no worker was made");
  return worker;
}

describe("LayoutClient", () => {
  it("returns the worker's reply and uses the worker again", async () => {
    const first = layouter.layout("digraph {}");
    const worker = await started();
    worker.say({ type: "ready" });
    worker.say({ type: "placed", request: worker.sent[0]?.request ?? 0, json: "{}" });
    expect(await first).toBe("{}");
    const second = layouter.layout("digraph {a}");
    await started();
    worker.say({ type: "placed", request: worker.sent[1]?.request ?? 0, json: "[]" });
    expect(await second).toBe("[]");
    expect(workers).toHaveLength(1);
  });

  it("fails after a timeout, which starts when Graphviz is loaded", async () => {
    const answer = layouter.layout("digraph {}");
    const failure = expect(answer).rejects.toMatchObject({
      reason: "deadline",
      message: "the layout took longer than 3 s",
    });
    const worker = await started();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(worker.terminated).toBe(false);
    worker.say({ type: "ready" });
    await vi.advanceTimersByTimeAsync(3000);
    await failure;
    expect(worker.terminated).toBe(true);
  });

  it("terminates the worker on cancellation, and creates another for the next layout", async () => {
    const answer = layouter.layout("digraph {}");
    const failure = expect(answer).rejects.toMatchObject({ reason: "cancelled" });
    const worker = await started();
    layouter.cancel();
    await failure;
    expect(worker.terminated).toBe(true);
    const next = layouter.layout("digraph {}");
    const other = await started();
    other.say({ type: "placed", request: other.sent[0]?.request ?? 0, json: "{}" });
    expect(await next).toBe("{}");
  });

  it("cancels a pending layout for a newer one", async () => {
    const older = layouter.layout("digraph {old}");
    const failure = expect(older).rejects.toMatchObject({ reason: "cancelled" });
    const newer = layouter.layout("digraph {new}");
    await failure;
    const worker = await started();
    expect(worker.sent.map(({ dot }) => dot)).toEqual(["digraph {new}"]);
    worker.say({ type: "placed", request: worker.sent[0]?.request ?? 0, json: "{}" });
    expect(await newer).toBe("{}");
    expect(workers.filter(({ terminated }) => !terminated)).toHaveLength(1);
  });

  it("fails with the error message of Graphviz", async () => {
    const answer = layouter.layout("digraph {");
    const failure = expect(answer).rejects.toMatchObject({ reason: "failed", message: "syntax" });
    const worker = await started();
    worker.say({ type: "failed", request: worker.sent[0]?.request ?? 0, message: "syntax" });
    await failure;
  });

  it("fails with the reason why the worker could not be created", async () => {
    layouter = new LayoutClient(() => Promise.reject(new Error("the kernel did not answer")));
    await expect(layouter.layout("digraph {}")).rejects.toMatchObject({
      reason: "failed",
      message: "the kernel did not answer",
    });
  });
});
