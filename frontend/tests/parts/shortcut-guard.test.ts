// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { guardShortcuts } from "../../src/parts/shortcut-guard";

const EXCLUDED = "data-lm-suppress-shortcuts";
let frame: HTMLElement;
let end: () => void;

/** Presses a key in an element; returns whether JupyterLab would leave the key to it. */
function isExcluded(selector: string, key: string, options: KeyboardEventInit = {}): boolean {
  const target = document.querySelector(selector) as HTMLElement;
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...options }));
  // JupyterLab looks at the element itself before it looks at the attribute of one around it.
  return target.hasAttribute(EXCLUDED);
}

beforeEach(() => {
  document.body.innerHTML =
    '<input id="outside"><div><input id="slider" type="range"><p id="text">text</p></div>';
  frame = document.querySelector("div") as HTMLElement;
  end = guardShortcuts(frame);
});
afterEach(() => end());

describe("the guard of keys", () => {
  it("leaves the keys of a control to the control", () => {
    expect(isExcluded("#slider", "ArrowLeft")).toBe(true);
    expect(isExcluded("#slider", "Enter")).toBe(true);
  });

  it("leaves JupyterLab its shortcuts with Control, and the one that runs a cell", () => {
    expect(isExcluded("#slider", "ArrowLeft")).toBe(true);
    expect(isExcluded("#slider", "s", { ctrlKey: true })).toBe(false);
    expect(isExcluded("#slider", "Enter", { shiftKey: true })).toBe(false);
  });

  it("does not concern other elements, nor anything after its end", () => {
    expect(isExcluded("#outside", "ArrowLeft")).toBe(false);
    expect(isExcluded("#text", "ArrowLeft")).toBe(false);
    end();
    expect(isExcluded("#slider", "ArrowLeft")).toBe(false);
  });
});
