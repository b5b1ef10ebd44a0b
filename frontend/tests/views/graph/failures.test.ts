// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { Labels } from "../../../src/views/graph/model/labels";
import { ShownGraph } from "../../../src/views/graph/model/shown-graph";
import { FailureNote } from "../../../src/views/graph/panels/failure-note";
import { Sample } from "./sample";

const ERROR = "RuntimeError: <b>3x8</b> and 6x2";

/** Six equal blocks, of which the fourth fails if `fails` is set. */
function blocks(fails: boolean) {
  const sample = new Sample().module("#1", null).op("#1/start:0");
  let last = "#1/start:0";
  for (const block of ["0", "1", "2", "3", "4", "5"].slice(0, fails ? 4 : 6)) {
    sample.module(`${block}#1`, "#1").op(`${block}#1/relu:0`, last);
    const next = `${block}#1/addmm:0`;
    if (fails && block === "3") sample.failed(next, ERROR, `${block}#1/relu:0`);
    else sample.op(next, `${block}#1/relu:0`);
    last = next;
  }
  return sample.graph();
}

afterEach(() => document.body.replaceChildren());

describe("a failed operation", () => {
  it("is named with its place, its line and its error, and can be looked for", () => {
    const find = vi.fn();
    const note = new FailureNote(find);
    note.show(blocks(false));
    expect(note.element.hidden).toBe(true);
    note.show(blocks(true));
    expect(note.element.hidden).toBe(false);
    expect(note.element.textContent).toContain("✗ addmm in 3");
    expect(note.element.textContent).toContain("net.py:7");
    expect(note.element.textContent).toContain(ERROR);
    note.element.querySelector("button")?.click();
    expect(find).toHaveBeenCalledWith("3#1/addmm:0");
    note.show(null);
    expect(note.element.hidden).toBe(true);
  });

  it("is visible from the beginning, and is not collapsed with equal blocks", () => {
    const shown = ShownGraph.of(blocks(true), new Map(), "forward", null);
    const open = shown.withFailedShown(shown.initiallyOpen());
    expect([...open]).toContain("3#1");
    expect(shown.graph.nodes.map((node) => node.id)).toContain("3#1/addmm:0");
  });

  it("is marked in its label and in the badges of the modules around it", () => {
    const graph = blocks(true);
    const labels = new Labels(graph);
    const call = (id: string) => graph.modules.find((module) => module.id === id);
    const around = call("3#1");
    const before = call("2#1");
    if (!around || !before) throw new Error("no such module");
    expect(labels.ofModule(around).badge).toContain("failed");
    expect(labels.ofModule(around)).toMatchObject({ title: "3 · Block", subtitle: "" });
    expect(labels.ofModule(before).badge).not.toContain("failed");
    expect(labels.ofModule(before).subtitle).toContain("4×2");
  });
});
