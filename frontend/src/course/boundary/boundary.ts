/**
 * The boundary view of the course: a plane with samples of two classes, the boundary of a model
 * that trains, and the pull of each sample. The kernel sends what the model says at each moment.
 */

import type { BoundaryViewState, MomentMessage, WantMessage } from "../../messages/boundary";
import { PROTOCOL_VERSION } from "../../messages/protocol";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, sendMessage } from "../../parts/widget";
import { MomentHistory } from "./history";
import { decodeSamples, type Samples, totals } from "./moment";
import { HEIGHT, paint, WIDTH } from "./painting";
import { Panel } from "./panel";
import { nearestSample, sampleByKey } from "./picking";
import { StepBar } from "./step-bar";

/** The part of the widget's model that the view uses. */
export interface BoundaryModel {
  get<T extends keyof BoundaryViewState>(trait: T): BoundaryViewState[T];
  send(message: WantMessage): void;
  on(event: string, listener: (message: MomentMessage) => void): void;
  off(event: string, listener: (message: MomentMessage) => void): void;
}

const HELP =
  "Left and right go from sample to sample, up and down to a stronger or weaker pull, " +
  "Escape lets go.";

/** Draws the view; returns its clean-up. */
export const render = rendering((model: BoundaryModel, root) => new BoundaryPage(model, root));

class BoundaryPage {
  private readonly canvas = document.createElement("canvas");
  private readonly listeners = new AbortController();
  private readonly samples: Samples;
  private readonly panel: Panel;
  private readonly history: MomentHistory;
  private readonly steps: StepBar;
  private picked: number | null = null;
  private isPinned = false;
  private frame = 0;
  private readonly endGuard: () => void;
  private readonly onLatest = () => this.history.add(this.model.get("moment"));
  private readonly onMessage = (message: MomentMessage) => {
    if (message.type === "moment") this.history.receive(message.moment);
  };

  constructor(
    private readonly model: BoundaryModel,
    private readonly root: HTMLElement,
  ) {
    const plane = model.get("plane");
    this.samples = decodeSamples(plane);
    this.panel = new Panel(plane);
    this.history = new MomentHistory(
      model.get("moment"),
      (index) => sendMessage(model, { type: "want", protocol: PROTOCOL_VERSION, index }),
      () => this.redraw(),
    );
    this.steps = new StepBar(this.history, plane.pulls, this.listeners.signal, () => this.redraw());
    this.build(plane.names);
    this.endGuard = guardShortcuts(root);
    this.listen();
    model.on("change:moment", this.onLatest);
    model.on("msg:custom", this.onMessage);
    this.draw();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.history.pause();
    cancelAnimationFrame(this.frame);
    this.listeners.abort();
    this.endGuard();
    this.model.off("change:moment", this.onLatest);
    this.model.off("msg:custom", this.onMessage);
    this.root.replaceChildren();
  }

  private build(names: readonly string[]): void {
    const { canvas } = this;
    const density = Math.max(1, globalThis.devicePixelRatio || 1);
    [canvas.width, canvas.height] = [WIDTH * density, HEIGHT * density];
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.style.cssText =
      "display:block;width:100%;border:1px solid var(--jp-border-color1,#888);cursor:crosshair";
    const left = document.createElement("div");
    left.style.cssText = `flex:1 1 ${WIDTH}px;min-width:260px;max-width:${1.25 * WIDTH}px`;
    const [nameX = "", nameY = ""] = names;
    const below = line(`${nameX} →`);
    below.style.textAlign = "right";
    left.append(line(`↑ ${nameY}`), canvas, below, this.steps.element);
    const row = document.createElement("div");
    row.style.cssText =
      "display:flex;flex-wrap:wrap;gap:10px 20px;font-size:13px;" +
      "font-family:var(--jp-ui-font-family,system-ui,sans-serif);" +
      "color:var(--jp-content-font-color1,inherit);padding:4px 2px";
    row.setAttribute("data-labkit-view", "boundary");
    row.append(left, this.panel.element);
    this.root.replaceChildren(row);
  }

  private listen(): void {
    const { signal } = this.listeners;
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.hover(event), { signal });
    canvas.addEventListener("pointerleave", () => this.pick(null), { signal });
    canvas.addEventListener("click", (event) => this.pin(event), { signal });
    canvas.addEventListener("keydown", (event) => this.press(event), { signal });
  }

  private at(event: MouseEvent): number | null {
    const box = this.canvas.getBoundingClientRect();
    const across = (event.clientX - box.left) / (box.width || 1);
    const down = (event.clientY - box.top) / (box.height || 1);
    return nearestSample(this.samples, across, down);
  }

  private hover(event: PointerEvent): void {
    this.pick(this.at(event));
  }

  private pick(sample: number | null): void {
    if (this.isPinned || sample === this.picked) return;
    this.picked = sample;
    this.redraw();
  }

  /** A click picks a sample for good, so that it can be followed through the steps. */
  private pin(event: MouseEvent): void {
    this.picked = this.at(event);
    this.isPinned = this.picked !== null;
    this.redraw();
  }

  private press(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.picked = null;
    } else {
      const next = sampleByKey(event.key, this.picked, this.samples, this.history.shown);
      if (next === null) return;
      this.picked = next;
    }
    this.isPinned = this.picked !== null;
    event.preventDefault();
    event.stopPropagation();
    this.redraw();
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const moment = this.history.shown;
    const plane = this.model.get("plane");
    this.panel.show(this.samples, moment, this.picked);
    this.steps.show();
    this.canvas.parentElement?.parentElement?.setAttribute("data-labkit-step", `${moment.step}`);
    const { wrong } = totals(this.samples, moment);
    this.canvas.setAttribute(
      "aria-label",
      `${this.samples.count} samples of ${plane.classes.join(" and ")} on a plane of ` +
        `${plane.names.join(" and ")}; after step ${moment.step}, ${wrong} are on the wrong ` +
        `side of the boundary. ${HELP}`,
    );
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const density = this.canvas.width / WIDTH;
    context.setTransform(density, 0, 0, density, 0, 0);
    paint(context, {
      samples: this.samples,
      moment,
      side: plane.side,
      x: plane.x,
      y: plane.y,
      picked: this.picked,
      arrows: this.steps.showsPulls,
    });
  }
}

function line(text: string): HTMLElement {
  const element = document.createElement("div");
  element.textContent = text;
  return element;
}

export default { render };
