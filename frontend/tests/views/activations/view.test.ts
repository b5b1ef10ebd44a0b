// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { PictureSubject } from "../../../src/messages/values";
import type { Theme } from "../../../src/parts/theme";
import type { ModelInput, Picture } from "../../../src/session";
import { coloursOf, panelColoursOf } from "../../../src/views/activations/colours";
import { InputFigure } from "../../../src/views/activations/model-input";
import { Panels } from "../../../src/views/activations/panels";
import { timeGradient } from "../../../src/views/activations/time-gradient";
import { drawActivations } from "../../../src/views/activations/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";

const SUBJECTS: readonly PictureSubject[] = [
  { module: "conv", kind: "maps", steps: [1, 9], range: [0, 2] },
  { module: "conv", kind: "kernels", steps: [1, 9], range: [-1, 1] },
  { module: "rnn", kind: "time_gradient", steps: [9], range: [1e-9, 1] },
];

const TOKENS: ModelInput = {
  form: "tokens",
  shape: [1, 1, 2],
  whole: [2],
  tokens: ["<b>the</b>", "cat"],
  values: Float32Array.of(4, 7),
};

const ATTENTION: Picture = {
  module: "attention",
  kind: "attention",
  step: 9,
  shape: [1, 2, 2],
  panels: ["head 0"],
  rows: "query",
  columns: "key",
  silent: [],
  whole: [8, 1, 2, 2],
  values: Float32Array.of(0.25, 0.75, 1, 0),
  given: TOKENS,
};

class PictureSession extends StubSession {
  readonly wishes: (readonly [string, string, number | null])[] = [];
  /** The modules of which there is no picture. */
  absent: readonly string[] = [];
  own = SUBJECTS;
  /** A factor of all values. */
  scale = 1;

  override async subjects() {
    return this.own;
  }

  override async picture(...[module, kind, step]: Parameters<StubSession["picture"]>) {
    this.wishes.push([module, kind, step]);
    if (this.absent.includes(module)) return null;
    const shape = kind === "time_gradient" ? ([1, 1, 3] as const) : ([2, 2, 2] as const);
    const values = [1, 2, 3, 4, 0, 0, 0, 0].slice(0, shape[0] * shape[1] * shape[2]);
    const picture: Picture = {
      module,
      kind,
      step: step ?? 9,
      shape,
      panels: ["0", "1"],
      rows: "height",
      columns: "width",
      silent: kind === "maps" ? [1] : [],
      whole: [32, 2, 2, 2],
      values: Float32Array.from(values, (value) => value * this.scale),
      given: null,
    };
    return picture;
  }
}

let root: HTMLElement;
let session: PictureSession;

beforeEach(() => {
  stubObservers();
  HTMLCanvasElement.prototype.getContext = () => null;
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new PictureSession();
  session.state = stateOf({ step: 9, pictures: 3 });
  drawActivations(root, session);
});

function select(label: string): HTMLSelectElement {
  return root.querySelector(`select[aria-label="${label}"]`) as HTMLSelectElement;
}

describe("pictures of activations", () => {
  it("are requested at each step of a loop that waits for a low pace", async () => {
    await vi.waitFor(() => expect(session.wishes.length).toBeGreaterThan(0));
    for (let step = 10; step < 15; step++) {
      const before = session.wishes.length;
      session.state = stateOf({ step, pictures: step, pace: 10, status: "running" });
      session.notify("frame");
      await vi.waitFor(() => expect(session.wishes.length).toBe(before + 1), { timeout: 500 });
    }
  });

  it("start with the most informative kind, and mark dead units", async () => {
    await vi.waitFor(() => expect(root.querySelectorAll("figure")).toHaveLength(2));
    expect(session.wishes).toEqual([["conv", "maps", null]]);
    expect([...select("Picture").options].map(({ text }) => text)).toEqual([
      "Feature maps",
      "Kernels",
    ]);
    expect(root.querySelectorAll("figure.labkit-silent figcaption")[0]?.textContent).toBe("1 dead");
    expect(root.textContent).toContain("1 dead: 1");
  });

  it("say that a later step was not read, once the run has ended", async () => {
    const words = () => root.querySelector(".labkit-picture-words")?.textContent;
    await vi.waitFor(() => expect(words()).toContain("Step 9 ·"));
    session.state = stateOf({ step: 12, pictures: 4, status: "finished" });
    session.notify("frame");
    session.setCursor(null);
    await vi.waitFor(() => expect(words()).toContain("Step 9 of 12 ·"));
  });

  it("follow the selection in other views, and the cursor", async () => {
    await vi.waitFor(() => expect(root.querySelectorAll("figure")).toHaveLength(2));
    session.select("rnn.weight_hh_l0");
    await vi.waitFor(() => expect(root.querySelector("svg polyline")).not.toBeNull());
    expect(select("Module").value).toBe("rnn");
    session.setCursor(4);
    await vi.waitFor(() => expect(session.wishes.at(-1)).toEqual(["rnn", "time_gradient", 4]));
  });
});

describe("pictures where requests wait for the end of the cell", () => {
  beforeEach(() => {
    session.isOneWay = true;
  });

  it("are drawn whenever one has arrived, though the run has made no new one", async () => {
    await vi.waitFor(() => expect(root.querySelectorAll("figure")).toHaveLength(2));
    for (let arrived = 1; arrived < 4; arrived++) {
      const before = session.wishes.length;
      session.pushed += 1;
      session.notify("frame");
      await vi.waitFor(() => expect(session.wishes.length).toBe(before + 1));
    }
  });

  it("that have not arrived are not confused with the one before, and come later", async () => {
    await vi.waitFor(() => expect(root.querySelectorAll("figure")).toHaveLength(2));
    session.absent = ["rnn"];
    session.select("rnn");
    const stage = root.querySelector<HTMLElement>(".labkit-picture-stage");
    await vi.waitFor(() => expect(stage?.hidden).toBe(true));
    expect(root.textContent).toContain("This picture has not arrived yet.");
    session.absent = [];
    session.pushed += 1;
    session.notify("frame");
    await vi.waitFor(() => expect(stage?.hidden).toBe(false));
    expect(root.querySelector("svg polyline")).not.toBeNull();
    expect(root.textContent).not.toContain("has not arrived");
  });
});

describe("the colours of a picture", () => {
  it("start at zero without negative values, and are symmetric otherwise", () => {
    const positive = coloursOf({ values: Float32Array.of(0.5, 3, Number.NaN) }, null, false);
    expect([positive.low, positive.high]).toEqual([0, 3]);
    const signed = coloursOf({ values: Float32Array.of(-1, 3) }, null, false);
    expect([signed.low, signed.high]).toEqual([-3, 3]);
    const fixed = coloursOf({ values: Float32Array.of(0.5, 3) }, [0, 10], false);
    expect([fixed.low, fixed.high]).toEqual([0, 10]);
  });

  it("range over what gates and candidates can be, and over the values of a cell state", () => {
    const panels = ["forget gate", "candidate", "cell state"];
    const values = Float32Array.of(0.4, 0.6, 0.1, 0.2, -3, 2);
    const picture = { kind: "gates", panels, shape: [3, 1, 2], values } as const;
    const ends = panelColoursOf(picture, null, false).map(({ low, high }) => [low, high]);
    expect(ends).toEqual([
      [0, 1],
      [-1, 1],
      [-3, 3],
    ]);
  });

  it("are the same for all panels of other pictures", () => {
    const values = Float32Array.of(0, 1, 2, 3);
    const picture = { kind: "maps", panels: ["0", "1"], shape: [2, 1, 2], values } as const;
    const ends = panelColoursOf(picture, null, false).map(({ low, high }) => [low, high]);
    expect(ends).toEqual([
      [0, 3],
      [0, 3],
    ]);
  });

  it("are the same for the cell states of all layers", () => {
    const panels = ["layer 0: input gate", "layer 1: input gate"];
    panels.push("layer 0: cell state", "layer 1: cell state");
    const values = Float32Array.of(0.5, 0.25, -3, 2);
    const picture = { kind: "gates", panels, shape: [4, 1, 1], values } as const;
    const ends = panelColoursOf(picture, null, false).map(({ low, high }) => [low, high]);
    expect(ends).toEqual([
      [0, 1],
      [0, 1],
      [-3, 3],
      [-3, 3],
    ]);
  });
});

describe("gradients through time", () => {
  const theme = { gridLine: "", mutedText: "grey", series: ["red", "blue"] } as unknown as Theme;
  const picture = (module: string, values: readonly number[]): Picture => ({
    module,
    kind: "time_gradient",
    step: 9,
    shape: [1, 1, values.length],
    panels: [""],
    rows: "",
    columns: "time step",
    silent: [],
    whole: [1, values.length],
    values: Float32Array.from(values),
    given: null,
  });

  it("of all modules have one axis", () => {
    const small = picture("small", [1e-3, 1e-4]);
    const alone = timeGradient(small, [], theme);
    const beside = timeGradient(small, [picture("<b>large</b>", [10, 1])], theme);
    const powers = (svg: SVGElement) =>
      [...svg.querySelectorAll("text")].map((each) => each.textContent);
    expect(powers(alone)).not.toContain("1e1");
    expect(powers(beside)).toContain("1e1");
    expect(beside.querySelectorAll("polyline")).toHaveLength(2);
    expect(beside.querySelector("title")?.textContent).toBe("<b>large</b>");
  });

  it("of runs beside each other have one axis", async () => {
    const other = new PictureSession();
    other.scale = 2e-6;
    other.state = stateOf({ step: 9, pictures: 3 });
    const sessions = [session, other] as const;
    const beside = { sessions, redraw: () => undefined };
    for (const each of sessions) each.beside = beside;
    const second = document.createElement("div");
    document.body.append(second);
    drawActivations(second, other);
    const powers = (place: HTMLElement) =>
      [...place.querySelectorAll(".labkit-time-gradient text")].map((each) => each.textContent);
    for (const each of sessions) each.select("rnn.weight_hh_l0");
    await vi.waitFor(() => {
      expect(powers(second)).toContain("1e-6");
      expect(powers(second)).toEqual(powers(root));
    });
  });
});

describe("the pictures of runs beside each other", () => {
  const menu = (place: HTMLElement, label: string) =>
    place.querySelector(`select[aria-label=${label}]`) as HTMLSelectElement;
  const choices = (place: HTMLElement) => [...menu(place, "Module").options].map((o) => o.value);
  const words = (place: HTMLElement) => place.querySelector(".labkit-picture-words")?.textContent;

  function openBeside(own: readonly PictureSubject[]) {
    const other = new PictureSession();
    other.own = own;
    other.state = stateOf({ step: 9, pictures: own.length });
    const beside = { sessions: [session, other], redraw: () => undefined };
    for (const each of beside.sessions) each.beside = beside;
    root = document.createElement("div");
    const second = document.createElement("div");
    document.body.replaceChildren(root, second);
    drawActivations(root, session);
    return { other, second, close: drawActivations(second, other) };
  }

  function choose(select: HTMLSelectElement, value: string): void {
    select.value = value;
    select.dispatchEvent(new Event("change"));
  }

  it("are all in both menus, and a run without one says so", async () => {
    const deep = { module: "deep", kind: "units", steps: [9], range: [0, 1] } as const;
    const { other, second, close } = openBeside([...SUBJECTS.slice(0, 1), deep]);
    await vi.waitFor(() => {
      expect(choices(root)).toEqual(["conv", "rnn", "deep"]);
      expect(choices(second)).toEqual(["conv", "deep", "rnn"]);
    });
    choose(menu(root, "Module"), "deep");
    await vi.waitFor(() => expect(words(root)).toBe("This run has no pictures of deep."));
    expect(root.querySelector<HTMLElement>(".labkit-picture")?.hidden).toBe(false);
    choose(menu(second, "Module"), "conv");
    choose(menu(second, "Picture"), "kernels");
    await vi.waitFor(() => expect(words(second)).toContain("no picture"));
    expect(other.wishes.map(([module, kind]) => `${module} ${kind}`)).not.toContain("conv kernels");
    choose(menu(root, "Module"), "rnn");
    await vi.waitFor(() => expect(words(root)).toContain("Step 9"));
    close();
  });

  it("are offered by a run that has none, too", async () => {
    const { second, close } = openBeside([]);
    await vi.waitFor(() => {
      expect(choices(second)).toEqual(["conv", "rnn"]);
      expect(words(second)).toBe("This run has no pictures of conv.");
    });
    close();
  });
});

describe("attention with tokens", () => {
  const colours = Array(2).fill(coloursOf(ATTENTION, null, false));
  const shares = (panels: Panels, list: string) =>
    [...panels.element.querySelectorAll<HTMLElement>(`${list} span`)].map((each) =>
      each.style.getPropertyValue("--labkit-weight"),
    );

  it("has them at both axes, as text", () => {
    const panels = new Panels();
    panels.draw(ATTENTION, colours);
    for (const list of [".labkit-queries", ".labkit-keys"]) {
      const labels = [...panels.element.querySelectorAll<HTMLElement>(`${list} span`)];
      expect(labels.map(({ textContent }) => textContent)).toEqual(TOKENS.tokens);
      expect(labels[0]?.title).toBe("<b>the</b>");
    }
  });

  it("shades what the token under the pointer attends to, and what attends to it", () => {
    const panels = new Panels();
    panels.draw(ATTENTION, colours);
    const [query] = panels.element.querySelectorAll(".labkit-queries span");
    query?.dispatchEvent(new MouseEvent("pointermove", { bubbles: true }));
    expect(shares(panels, ".labkit-keys")).toEqual(["22%", "65%"]);
    expect(panels.element.querySelector(".labkit-tip")?.textContent).toContain(
      "<b>the</b> attends tocat 0.75",
    );
    const [, key] = panels.element.querySelectorAll(".labkit-keys span");
    key?.dispatchEvent(new MouseEvent("pointermove", { bubbles: true }));
    expect(shares(panels, ".labkit-keys")).toEqual(["", ""]);
    expect(shares(panels, ".labkit-queries")).toEqual(["65%", "0%"]);
  });

  it("has none where the positions are not those of the tokens", () => {
    const panels = new Panels();
    panels.draw({ ...ATTENTION, whole: [8, 1, 2, 3] }, colours);
    expect(panels.element.querySelectorAll("span")).toHaveLength(0);
    panels.draw({ ...ATTENTION, given: { ...TOKENS, tokens: [] } }, colours);
    expect(panels.element.querySelectorAll("span")).toHaveLength(0);
  });
});

describe("the input beside a picture", () => {
  const theme = { series: ["red", "blue"], dark: false } as unknown as Theme;
  const figure = (given: ModelInput | null) => {
    const made = new InputFigure();
    made.draw(given, theme);
    return made.element;
  };

  it("is drawn by its form", () => {
    const values = Float32Array.from({ length: 48 }, (_, index) => index);
    const of = (form: ModelInput["form"], shape: ModelInput["shape"]) =>
      figure({ form, shape, whole: shape, tokens: [], values });
    expect(of("image", [3, 4, 4]).querySelector("canvas")?.width).toBe(4);
    expect(of("lines", [1, 4, 12]).querySelectorAll("polyline")).toHaveLength(4);
    expect(of("table", [1, 4, 12]).querySelector("canvas")?.height).toBe(4);
    expect(of("values", [1, 1, 48]).querySelectorAll("polyline")).toHaveLength(1);
    expect(figure(TOKENS).querySelectorAll("span")[0]?.textContent).toBe("<b>the</b>");
    expect(figure(TOKENS).querySelector("b")).toBeNull();
  });

  it("says how many tokens are left out", () => {
    const values = Float32Array.from({ length: 256 }, (_, index) => index);
    const long = figure({ form: "tokens", shape: [1, 1, 256], whole: [1000], tokens: [], values });
    expect(long.querySelectorAll("span")).toHaveLength(64);
    expect(long.textContent).toContain("and 936 more");
  });

  it("is absent where it is unknown", () => {
    expect(figure(null).hidden).toBe(true);
  });
});
