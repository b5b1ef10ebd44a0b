// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { clearOnEscape, namesMarkedBy, selectionText } from "../../src/parts/selection";
import { StubSession } from "../fake-session";

const PARAMETERS = ["stem.weight", "body.0.weight", "body.0.bias", "body.10.weight"];

describe("the names that a selection marks", () => {
  it.each([
    ["body.0.bias", ["body.0.bias"]],
    ["body.0", ["body.0.weight", "body.0.bias"]],
    ["body.0#2/relu:0", ["body.0.weight", "body.0.bias"]],
    ["body.1", []],
    ["/mse:0", []],
  ])("of parameters: %s", (selected, expected) => {
    expect([...namesMarkedBy(PARAMETERS, selected)]).toEqual(expected);
  });

  it("of modules: the innermost around a parameter", () => {
    const modules = ["", "body", "body.0", "body.10"];
    expect([...namesMarkedBy(modules, "body.0.weight")]).toEqual(["body.0"]);
    expect([...namesMarkedBy(modules, "body.3.weight")]).toEqual(["body"]);
    expect([...namesMarkedBy(modules, "")]).toEqual([""]);
    expect([...namesMarkedBy(modules, null)]).toEqual([]);
  });
});

it("is named without the number of a first call", () => {
  const texts = ["fc1#1/addmm:0", "fc1#2/addmm:1", "fc1.weight", ""].map(selectionText);
  expect(texts).toEqual(["fc1/addmm", "fc1#2/addmm:1", "fc1.weight", "the model"]);
});

it("is taken back by Escape", () => {
  const session = new StubSession();
  const element = document.createElement("div");
  clearOnEscape(element, session);
  session.select("fc1");
  element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(session.selected).toBe("fc1");
  element.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(session.selected).toBeNull();
});
