// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TableKind } from "../../../src/messages/tables";
import type { SeriesTable } from "../../../src/session";
import { drawGradients } from "../../../src/views/gradients/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";

/** More parameters than the heat map has room for, in more modules than are unfolded. */
const NAMES = Array.from({ length: 40 }, (_, block) => [
  `body.${block}.weight`,
  `body.${block}.bias`,
]).flat();

function tableOf(kind: TableKind, names: readonly string[]): SeriesTable {
  const points = () => ({ steps: Float64Array.of(1, 2), values: Float32Array.of(1, 2) });
  const latest = () => new Float32Array(names.length).fill(2);
  return { id: kind, kind, names, lastStep: 2, points, latest };
}

class HistogramSession extends StubSession {
  override async histograms(...[names]: Parameters<StubSession["histograms"]>) {
    const edges = Float64Array.from({ length: 41 }, (_, index) => 10 ** (index - 20));
    return names.map((name) => ({ name, step: 2, edges, counts: new Float32Array(40).fill(1) }));
  }
}

let root: HTMLElement;
let session: HistogramSession;
let close: () => void;

beforeEach(() => {
  stubObservers();
  HTMLCanvasElement.prototype.getContext = () => null;
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(500);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new HistogramSession();
  session.state = stateOf({ step: 2 });
  session.tables = [tableOf("grad_norm", NAMES), tableOf("update_ratio", NAMES)];
  close = drawGradients(root, session);
});

afterEach(() => {
  close();
  vi.restoreAllMocks();
});

async function drawn(act: () => void): Promise<void> {
  act();
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

function label(name: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`.labkit-heat-names [data-name="${name}"]`);
}

describe("the selection in the gradients", () => {
  it("opens the modules around a parameter in the heat map, and scrolls to its row", async () => {
    expect(label("body.30.bias")).toBeNull();
    await drawn(() => session.select("body.30.bias"));
    expect(label("body.30.bias")?.getAttribute("aria-pressed")).toBe("true");
    expect(root.querySelector(".labkit-selection")?.textContent).toContain("body.30.bias");
  });

  it("is made and taken back at a name, and the arrow keys reach rows out of sight", async () => {
    const first = root.querySelector<HTMLElement>(".labkit-heat-names [tabindex='0']");
    first?.focus();
    const press = (key: string) =>
      drawn(() => {
        const event = new KeyboardEvent("keydown", { key, bubbles: true });
        document.activeElement?.dispatchEvent(event);
      });
    for (let row = 0; row < 30; row++) await press("ArrowDown");
    const reached = (document.activeElement as HTMLElement).dataset.name;
    await press("Enter");
    expect(session.selected).toBe(reached);
    await press("Enter");
    expect(session.selected).toBeNull();
  });

  it("brings its histogram among those that are shown", async () => {
    const mode = [...root.querySelectorAll("button")].find((b) => b.textContent === "Histograms");
    await drawn(() => mode?.click());
    await drawn(() => session.select("body.39.bias"));
    await vi.waitFor(() => {
      const picked = root.querySelector<SVGElement>(".labkit-ridge-row.labkit-picked");
      expect(picked?.dataset.name).toBe("body.39.bias");
    });
  });

  it("shows what has arrived of its histograms where none can be requested, and why not all", async () => {
    const all = session.histograms.bind(session);
    let arrived = 48;
    session.isOneWay = true;
    session.histograms = (names, ...rest) =>
      all(
        names.filter((name) => NAMES.indexOf(name) < arrived),
        ...rest,
      );
    const rows = () => root.querySelectorAll(".labkit-ridge-row").length;
    const words = () => root.querySelector(".labkit-picture-words")?.textContent;
    const mode = [...root.querySelectorAll("button")].find((b) => b.textContent === "Histograms");
    await drawn(() => mode?.click());
    await vi.waitFor(() => expect([rows(), words()]).toEqual([48, "step 2 · the first 48 of 80"]));
    await drawn(() => session.select("body.39.bias"));
    await vi.waitFor(() =>
      expect(words()).toMatch(/from number 33 on.* 32 not arrived yet: while/),
    );
    expect(rows()).toBe(16);
    arrived = NAMES.length;
    await drawn(() => session.setCursor(2));
    await vi.waitFor(() => {
      const picked = root.querySelector<SVGElement>(".labkit-ridge-row.labkit-picked");
      expect([picked?.dataset.name, words()]).toEqual([
        "body.39.bias",
        "step 2 · from number 33 on, 48 of 80",
      ]);
    });
  });

  it("shows a quantity of the finding whose parameter was selected", async () => {
    const series = ["update_ratio/body.3.weight"];
    session.setMark({ name: "large steps", severity: "warning", steps: [1, 2], series });
    await drawn(() => session.select("body.3.weight"));
    expect(root.querySelector<HTMLSelectElement>("select")?.value).toBe("update_ratio");
  });
});
