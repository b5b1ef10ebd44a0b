import { describe, expect, it, vi } from "vitest";
import { LinkedRuns } from "../../../src/views/comparison/linked-runs";
import { runOf } from "./sample";

function open() {
  const compared = [runOf("short", [], { step: 100 }), runOf("long", [], { step: 300 })] as const;
  const sessions = compared.map(({ session }) => session);
  return { runs: new LinkedRuns(compared), sessions };
}

describe("the runs of a comparison", () => {
  it("have one cursor, at the last step of a run that does not have the step", () => {
    const { runs, sessions } = open();
    runs.all[0]?.session.setCursor(200);
    expect(runs.cursor).toBe(200);
    expect(sessions.map(({ cursor }) => cursor)).toEqual([100, 200]);
    runs.setCursor(null);
    expect(sessions.map(({ cursor }) => cursor)).toEqual([null, null]);
  });

  it("follow the cursor and the selection of any other view of one of them", () => {
    const { runs, sessions } = open();
    const [short, long] = sessions;
    long?.setCursor(250);
    expect([runs.cursor, short?.cursor, long?.cursor]).toEqual([250, 100, 250]);
    short?.select("fc1");
    expect(long?.selected).toBe("fc1");
  });

  it("move the cursor of a run that grows towards the common one", () => {
    const { runs, sessions } = open();
    const [short] = sessions;
    runs.setCursor(200);
    Object.assign(short?.state ?? {}, { step: 150 });
    short?.notify("frame");
    expect(short?.cursor).toBe(150);
    expect(runs.cursor).toBe(200);
  });

  it("share the settings of the comparison, not those of other views of the runs", () => {
    const { runs, sessions } = open();
    const [first, second] = runs.all;
    expect(first?.session.runId).toBe(second?.session.runId);
    expect(sessions.map(({ runId }) => runId)).not.toContain(first?.session.runId);
  });

  it("report frames of each other, as these may extend the common scales", () => {
    const { runs, sessions } = open();
    const listener = vi.fn();
    const end = runs.all[0]?.session.subscribe(listener);
    sessions[1]?.notify("snapshot");
    sessions[1]?.notify("mark");
    expect(listener.mock.calls).toEqual([["frame"]]);
    end?.();
  });

  it("are never all hidden", () => {
    const { runs, sessions } = open();
    const [first, second] = runs.all;
    if (!first || !second) throw new Error("there are two runs");
    runs.toggle(first);
    runs.toggle(second);
    expect(runs.shown).toEqual([second]);
    expect(runs.sessions).toEqual([sessions[1]]);
    runs.toggle(first);
    expect(runs.shown).toEqual([first, second]);
  });

  it("leave no listener when they are closed", () => {
    const { runs, sessions } = open();
    runs.close();
    expect(sessions.map(({ listeners }) => listeners.size)).toEqual([0, 0]);
  });
});
