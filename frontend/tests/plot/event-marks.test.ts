import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/messages/tuning";
import { eventMarks, mergeEvents } from "../../src/plot/event-marks";
import { THEME } from "../views/curves/sample";

function event(step: number, parts: Partial<RunEvent> = {}): RunEvent {
  return { id: step, step, kind: "lr", where: "0", text: `to ${step}`, taken_back: null, ...parts };
}

describe("the marks of changes", () => {
  it("are merged if they are near each other", () => {
    const marks = mergeEvents(
      [100, 105, 109, 110, 300].map((step) => event(step)),
      10,
    );
    expect(marks.map(({ place, moments }) => [place, moments.length])).toEqual([
      [100, 3],
      [110, 1],
      [300, 1],
    ]);
  });

  it("are bounded by the width, whatever the number of changes", () => {
    const many = Array.from({ length: 1000 }, (_, step) => event(step));
    const { shapes, handles } = eventMarks(many, [0, 1000], 600, THEME);
    expect(shapes.length).toBeLessThanOrEqual(22);
    expect(new Set(shapes.map(({ y1 }) => y1))).toEqual(new Set([0.06]));
    expect(handles.length).toBe(shapes.length);
  });

  it("are those of the visible steps, at any zoom", () => {
    const events = [event(10), event(500), event(502)];
    expect(eventMarks(events, [400, 1000], 600, THEME).shapes).toHaveLength(1);
    expect(eventMarks(events, [499, 505], 600, THEME).shapes).toHaveLength(2);
  });

  it("have the texts in their tooltip, as text", () => {
    const events = [event(5, { text: "<b>x</b> frozen" }), event(5, { taken_back: 5 })];
    const [handle] = eventMarks(events, [0, 10], 600, THEME).handles;
    expect(handle?.text).toBe("▲3");
    expect(handle?.hovertext).toContain("after step 5: &lt;b&gt;x&lt;/b&gt; frozen");
    expect(handle?.hovertext).toContain("after step 5, taken back: to 5");
  });

  it("are also where a change was taken back", () => {
    const events = [event(10, { taken_back: 80 }), event(40)];
    const { shapes, handles } = eventMarks(events, [0, 100], 600, THEME);
    expect(handles.map(({ x, text }) => [x, text])).toEqual([
      [10, "▲"],
      [40, "▲"],
      [80, "△"],
    ]);
    const dashes = shapes.map(({ line }) => (line as { dash: string }).dash);
    expect(dashes).toEqual(["dot", "solid", "dot"]);
  });
});
