// @vitest-environment jsdom
import { describe, expect, it, vi } from "vitest";
import { isDark, watchTheme } from "../../src/parts/theme";

async function change(isLight: boolean): Promise<void> {
  document.body.setAttribute("data-jp-theme-light", String(isLight));
  await Promise.resolve(); // Observers are called then.
}

describe("the theme of the page", () => {
  it("is reported when it changes, and when the page that JupyterLab hides meanwhile is shown", async () => {
    const seen: boolean[] = [];
    const listener = vi.fn(() => seen.push(isDark(document.body)));
    const end = watchTheme(listener);
    await change(false);
    expect(seen).toEqual([true]);
    await vi.waitFor(() => expect(seen).toEqual([true, true]));
    await change(true);
    end();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    expect(seen).toEqual([true, true, false]);
  });
});
