// @vitest-environment jsdom
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { render } from "../src/app";
import type { SnapshotMessage } from "../src/messages/kernel";
import { make, setText } from "../src/parts/element";
import { visibleText } from "../src/parts/visible-text";
import { escapeMarkup } from "../src/plot/plotly";
import { harmless } from "../src/views/samples/harmless-figure";
import { FakeChannel, lossRows, recorded, snapshot } from "./fake-channel";
import { viewStates } from "./fixtures/messages";
import { stubObservers } from "./observers";
import { finding } from "./views/findings/sample";
import { Sample } from "./views/graph/sample";

const HOSTILE: readonly string[] = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../tests/fixtures/hostile.json`, "utf8"),
);
/** What no view makes of names and values. */
const INJECTED = "[data-injected], script, iframe, object, embed, a[href], link, form, base";

/** Views that do not draw a snapshot of one run. */
const OTHERS: readonly string[] = ["stepper", "comparison", "runs"];

/** A run with the texts in every place of its snapshot that has a text. */
function hostileSnapshot(): SnapshotMessage {
  const { table } = lossRows([1], [0.5]);
  const graph = new Sample();
  for (const text of HOSTILE) {
    const scope = `${text.split("/").join("|").split("#").join("|")}#1`;
    graph.module(scope, null, 6).failed(`${scope}/${text.split("/").join("|")}:0`, text);
  }
  const [first = "", second = ""] = HOSTILE;
  return {
    ...snapshot(1, {
      name: first,
      status: "failed",
      message: second,
      step: 1,
      device: first,
      notices: HOSTILE.map((text) => ({ part: text, text })),
      structures: HOSTILE.map((text) => ({ signature: text, first: 1, last: 1, title: text })),
      read_from: first,
    }),
    tables: HOSTILE.map((name, place) => ({
      ...{ ...table, id: `metric/${name}`, kind: "metric", names: [name] },
      ...{ stride: 1, buckets: 0, first: 2, low: 2, low_at: 2, high: 2, high_at: 2 },
      ...{ tail_limit: 100, bucket_limit: 100, columns: 1, steps: 0, values: 1, place },
    })),
    graph: graph.graph(),
    findings: HOSTILE.map((text) =>
      finding({
        ...{ rule: text, message: text, where: [text], cause: text, advice: [text] },
        ...{ series: [text], node: text, line: text, chapter: text },
      }),
    ),
    configuration: Object.fromEntries(HOSTILE.map((text) => [text, text])),
    tuning: {
      groups: HOSTILE.map((name) => ({ name, parameters: 3, values: [], reason: name })),
      modules: HOSTILE.map((path) => ({
        ...{ path, type: path, parameters: 3, frozen: 0, frozen_here: 0 },
      })),
      events: HOSTILE.map((text, id) => ({
        ...{ id, step: 1, kind: "freeze" as const, where: text, text, taken_back: null },
      })),
    },
    samples: HOSTILE.map((name) => ({ name, kind: "text" as const, steps: [1], logged: 1 })),
    course: "/course",
  };
}

beforeEach(stubObservers);

describe("names and values", () => {
  it.each(Object.keys(viewStates).filter((view) => !OTHERS.includes(view)))(
    "are text in the view %s",
    (view) => {
      document.head.innerHTML =
        '<script id="jupyter-config-data" type="application/json">{"serverRoot": "/"}</script>';
      const channel = new FakeChannel(`hostile ${view}`);
      const root = document.createElement("div");
      document.body.replaceChildren(root);
      const model = { send: () => undefined, on: () => undefined, off: () => undefined };
      const close = render({
        ...{ view, channel, messages: recorded(channel), root, model, ownMessages: null },
      });
      const { buffers } = lossRows([1], [0.5]);
      channel.receive(hostileSnapshot(), [...buffers, new DataView(new ArrayBuffer(0))]);
      expect(root.querySelector(`[data-labkit-view="${view}"]`)).not.toBeNull();
      expect([...document.body.querySelectorAll(INJECTED)].map((each) => each.outerHTML)).toEqual(
        [],
      );
      for (const element of document.body.querySelectorAll("*")) {
        for (const { name } of element.attributes) expect(name).not.toMatch(/^on/);
      }
      expect("__injected" in globalThis).toBe(false);
      close();
    },
  );

  it.each(HOSTILE)("are escaped for plotly: %j", (text) => {
    const shown = escapeMarkup(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">");
    expect(escapeMarkup(text)).not.toMatch(/[<>]/);
    expect(shown.replaceAll("&amp;", "&")).toBe(visibleText(text));
  });

  it("have a sign in place of what would reorder the text around them", () => {
    expect(visibleText("a\u202eb\u0007\u2066")).toBe("a\ufffdb\ufffd\ufffd");
    const element = make("b", {}, "\u202ename");
    expect(element.textContent).toBe("\ufffdname");
    setText(element, "tab\tand\nline, \u05e9\u05dc\u05d5\u05dd \u202d");
    expect(element.textContent).toBe("tab\tand\nline, \u05e9\u05dc\u05d5\u05dd \ufffd");
  });
});

describe("a logged figure", () => {
  it.each([
    ['<a href="https://injected.invalid">link</a>', "<span>link</span>"],
    ["<a\nhref='x' popup='width=1'>link</a>", "<span>link</span>"],
    ["<b>bold</b><br><sup>2</sup>", "<b>bold</b><br><sup>2</sup>"],
    ['<span style="color:red">red</span>', '<span style="color:red">red</span>'],
    [
      '<span style="color: rgb(1, 2, 3); background:url(https://x.invalid)">x</span>',
      '<span style="color: rgb(1, 2, 3)">x</span>',
    ],
    ['<span style="color:url(https://x.invalid)">x</span>', "<span>x</span>"],
    ['<span style="color:&#117;rl(//x)">x</span>', "<span>x</span>"],
    ['<b onclick="x">', '&lt;b onclick="x"&gt;'],
    ["<<i>a href='x'>", "<<i>a href='x'>"],
    ["<<x>a href='y'>", "<&lt;x&gt;a href='y'>"],
    ["1 < 2 > 1", "1 &lt; 2 &gt; 1"],
  ])("has no links and no addresses in %j", (text, expected) => {
    expect(harmless({ layout: { title: { text } } })).toEqual({
      layout: { title: { text: expected } },
    });
  });

  it("has no images but its own, also in templates and buttons", () => {
    const address = "https://injected.invalid/x.png";
    const images = [{ source: address }, { source: "data:image/png;base64,AA==" }];
    const args = [{ "images[0].source": address, images }];
    expect(
      harmless({ layout: { images, template: { layout: { images } }, updatemenus: [{ args }] } }),
    ).toEqual({
      layout: {
        images: [{ source: "" }, images[1]],
        template: { layout: { images: [{ source: "" }, images[1]] } },
        updatemenus: [{ args: [{ "images[0].source": "", images: [{ source: "" }, images[1]] }] }],
      },
    });
  });

  it("keeps its numbers, and leaves out prototypes and further buttons", () => {
    const text = '{"data": [{"x": [1, null, true]}], "__proto__": {"a": 1}, "modebar": {"add": 1}}';
    expect(harmless(JSON.parse(text))).toEqual({ data: [{ x: [1, null, true] }] });
  });
});
