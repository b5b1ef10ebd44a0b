// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  KernelMessage,
  LuminoWidget,
  MimeModel,
  Renderer,
} from "../../src/labextension/jupyterlab";
import { sharedModule } from "../../src/labextension/jupyterlab";
import { rendererClass, VIEW_MIME_TYPE } from "../../src/labextension/renderer";

/** A panel like Lumino's. */
class FakePanel {
  parent: LuminoWidget | null = null;
  readonly node = document.createElement("div");
  readonly widgets: LuminoWidget[] = [];
  isDisposed = false;

  get isHidden(): boolean {
    return this.node.classList.contains("lm-mod-hidden");
  }

  addWidget(widget: LuminoWidget): void {
    this.widgets.push(widget);
    this.node.append(widget.node);
  }

  hide(): void {
    this.node.classList.add("lm-mod-hidden");
  }

  show(): void {
    this.node.classList.remove("lm-mod-hidden");
  }

  dispose(): void {
    this.isDisposed = true;
    this.node.remove();
  }
}

/** JupyterLab's renderer of widgets, whose view opens when the test says so. */
class FakeWidgetRenderer extends FakePanel implements Renderer {
  readonly rendered: MimeModel[] = [];
  finish: () => void = () => undefined;

  renderModel(model: MimeModel): Promise<void> {
    this.rendered.push(model);
    return new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  openView(): void {
    this.addWidget(new FakePanel());
  }
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

function output(modelId = "one", more: Partial<MimeModel> = {}, svg: unknown = SVG): MimeModel {
  const data = {
    [VIEW_MIME_TYPE]: { model_id: modelId },
    "image/svg+xml": svg,
    "text/plain": "a run",
  };
  return { trusted: true, data, ...more };
}

let created: FakeWidgetRenderer[] = [];
let alive = true;
let factory = "without a kernel";
let changes = new Set<() => void>();
let sendMessage: (message: KernelMessage) => void = () => undefined;

function open(canCreate = true) {
  const Class = rendererClass(FakePanel, () => ({
    widgetRenderer: () => {
      if (!canCreate) throw new Error("none");
      const renderer = new FakeWidgetRenderer();
      created.push(renderer);
      return renderer;
    },
    isAlive: () => alive,
    factory: () => factory,
    watch: (onChange, onMessage) => {
      sendMessage = onMessage;
      changes.add(onChange);
      return () => changes.delete(onChange);
    },
  }));
  const renderer = new Class({ mimeType: VIEW_MIME_TYPE });
  const still = renderer.node.querySelector<HTMLElement>(".labkit-still");
  return { renderer, isStill: () => still?.hidden === false, still: still as HTMLElement };
}

/** Lets promises and mutation observers run. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  created = [];
  alive = true;
  factory = "without a kernel";
  changes = new Set();
});
afterEach(() => vi.useRealTimers());

describe("an output with a view", () => {
  it("has the view, and no picture in the meantime", async () => {
    const { renderer, isStill } = open();
    renderer.renderModel(output());
    await settle();
    expect(isStill()).toBe(false);
    created[0]?.openView();
    created[0]?.finish();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(isStill()).toBe(false);
    expect(created[0]?.node.classList.contains("labkit-waiting")).toBe(false);
  });

  it("keeps it open when it is updated", async () => {
    const { renderer } = open();
    renderer.renderModel(output());
    created[0]?.openView();
    await settle();
    renderer.renderModel(output("one", {}, "<svg/>"));
    await settle();
    expect(created).toHaveLength(1);
    expect(created[0]?.rendered).toHaveLength(1);
    expect(created[0]?.isDisposed).toBe(false);
  });

  it("opens another one if the output has another widget", async () => {
    const { renderer } = open();
    renderer.renderModel(output());
    renderer.renderModel(output("two"));
    await settle();
    expect(created.map((each) => each.isDisposed)).toEqual([true, false]);
  });

  it("is empty once the view was closed, as its kernel runs", async () => {
    const { renderer, isStill } = open();
    renderer.renderModel(output());
    created[0]?.openView();
    await settle();
    created[0]?.hide();
    await settle();
    expect(isStill()).toBe(false);
  });

  it("has the picture after the kernel was restarted", async () => {
    const { renderer, isStill } = open();
    renderer.renderModel(output());
    created[0]?.openView();
    await settle();
    alive = false;
    created[0]?.hide();
    await settle();
    expect(isStill()).toBe(true);
  });
});

describe("an update of the kernel", () => {
  const update = (id: string, svg: string): KernelMessage => ({
    header: { msg_type: "update_display_data" },
    content: { data: output("one", {}, svg).data, metadata: {}, transient: { display_id: id } },
  });

  /** A renderer in the output area of a cell with two outputs. */
  function openInArea() {
    const outputs = [output("other"), output()];
    const model = {
      length: 2,
      get: (index: number) => {
        const { data } = outputs[index] as MimeModel;
        return { data, toJSON: () => ({ output_type: "display_data", data }) };
      },
      set: vi.fn(),
    };
    const { renderer } = open();
    Object.assign(renderer, { parent: Object.assign(new FakePanel(), { model }) });
    renderer.renderModel(outputs[1] as MimeModel);
    return model;
  }

  it("changes the output, also on a page that does not know its display id", async () => {
    const model = openInArea();
    sendMessage(update("another", "<svg>1</svg>"));
    await settle();
    expect(model.set).not.toHaveBeenCalled();
    sendMessage(update("one", "<svg>1</svg>"));
    await settle();
    expect(model.set.mock.calls).toEqual([
      [
        1,
        { output_type: "display_data", data: output("one", {}, "<svg>1</svg>").data, metadata: {} },
      ],
    ]);
  });

  it("changes nothing that JupyterLab has changed", async () => {
    const model = openInArea();
    sendMessage(update("one", SVG));
    await settle();
    expect(model.set).not.toHaveBeenCalled();
  });
});

describe("an output without its kernel", () => {
  it("has the picture as soon as the model is not found", async () => {
    const { renderer, isStill, still } = open();
    renderer.renderModel(output());
    created[0]?.finish();
    await settle();
    expect(isStill()).toBe(true);
    expect(still.querySelector("img")?.src).toContain("data:image/svg+xml");
    expect(still.querySelector("img")?.alt).toBe("a run");
    expect(still.textContent).toContain("Saved picture");
    expect(created[0]?.node.classList.contains("labkit-waiting")).toBe(true);
  });

  it("has it after a moment where nobody answers, and the view when it comes", async () => {
    const { renderer, isStill } = open();
    renderer.renderModel(output());
    await vi.advanceTimersByTimeAsync(1000);
    expect(isStill()).toBe(true);
    created[0]?.openView();
    await settle();
    expect(isStill()).toBe(false);
  });

  it("has the view of a kernel that is connected later", async () => {
    const { renderer, isStill } = open();
    renderer.renderModel(output());
    await vi.advanceTimersByTimeAsync(1000);
    for (const onChange of changes) onChange();
    expect(created).toHaveLength(1);
    factory = "of the kernel";
    for (const onChange of [...changes]) onChange();
    expect(created).toHaveLength(2);
    created[1]?.openView();
    await settle();
    expect(isStill()).toBe(false);
    renderer.dispose();
    expect(changes.size).toBe(0);
  });

  it("has the newest picture", async () => {
    const { renderer, still } = open(false);
    await renderer.renderModel(output());
    await renderer.renderModel(output("one", {}, ["<svg>", "new</svg>"]));
    expect(still.querySelectorAll("img")).toHaveLength(1);
    expect(decodeURIComponent(still.querySelector("img")?.src ?? "")).toContain("<svg>new</svg>");
  });

  it("has the text if there is no picture", async () => {
    const { renderer, still } = open(false);
    await renderer.renderModel(output("one", {}, null));
    expect(still.querySelector("pre")?.textContent).toBe("a run");
  });

  it("opens no view of a notebook that is not trusted, and adds nothing of it to the page", async () => {
    const { renderer, isStill } = open();
    await renderer.renderModel(output("one", { trusted: false }));
    expect(isStill()).toBe(true);
    expect(created).toHaveLength(0);
    expect(renderer.node.querySelector("script")).toBeNull();
  });
});

describe("a shared module", () => {
  const version = (name: string, loaded?: boolean) => ({
    loaded,
    get: async () => () => name,
  });

  it("is the loaded version, else the newest", async () => {
    const newest = { lumino: { "2.9.0": version("old"), "2.10.0": version("new") } };
    expect(await sharedModule(newest, "lumino")).toBe("new");
    const loaded = { lumino: { "2.9.0": version("old", true), "2.10.0": version("new") } };
    expect(await sharedModule(loaded, "lumino")).toBe("old");
    await expect(sharedModule(loaded, "another")).rejects.toThrow("another");
  });
});
