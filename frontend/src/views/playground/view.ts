/** The playground: draws what the kernel sends, and sends what the user does. */

import type { PlaygroundLayer, PlaygroundRequest } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { watchTheme } from "../../parts/theme";
import { PlaygroundClient, type PlaygroundModel } from "./client";
import { CodePanel } from "./code-panel";
import { Controls } from "./controls";
import { LossCurve } from "./loss-curve";
import { NetworkDrawing } from "./network";
import { OutputPicture, type Shown } from "./output";
import type { UnitPlace } from "./places";
import { SettingsPanel } from "./settings-panel";
import { type Frame, pictureOf, type Setup, weightPlace } from "./state";
import { WeightsPanel } from "./weights-panel";

const REFUSED_MS = 8000;
const NOT_FINITE =
  "The loss is no longer a finite number (pink: what is not a number), as the steps were too " +
  "large. Lower the learning rate, then press Reset.";

/** Largest coordinate of own points, and smallest range as its inverse, without a remark. */
const FAR = 12;
const NOT_SCALED =
  "Networks learn best from inputs between about −3 and 3, and yours are of another size: " +
  "standardise them, (x − x.mean(0)) / x.std(0)";

const LARGE_VALUES =
  "Values of this size take many steps to reach: standardise them as well, (y − y.mean()) / y.std()";

export class PlaygroundView {
  private readonly client: PlaygroundClient;
  private readonly controls: Controls;
  private readonly settings: SettingsPanel;
  private readonly network: NetworkDrawing;
  private readonly output: OutputPicture;
  private readonly weights: WeightsPanel;
  private readonly curve = new LossCurve();
  private readonly code = new CodePanel();
  private readonly facts = make("p", { class: "playground-muted" });
  private readonly problem = make("p", { class: "playground-problem", role: "alert" });
  private readonly why = make("p", { class: "playground-why" });
  private readonly observer: ResizeObserver;
  private readonly unwatchTheme: () => void;
  private setup: Setup | null = null;
  private frame: Frame | null = null;
  /** Why the kernel cannot be reached, and why the last request was refused, as sentences. */
  private unreachable = "";
  private refusal = "";
  private hovered: UnitPlace | null = null;
  private request = 0;
  private framesDrawn = 0;
  private isNew = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    model: PlaygroundModel,
    private readonly root: HTMLElement,
  ) {
    const send = (request: PlaygroundRequest) => this.client.send(request);
    this.client = new PlaygroundClient(model, root, {
      setup: (setup) => this.receiveSetup(setup),
      frame: (frame) => this.receiveFrame(frame),
      code: (text, call) => this.code.show(text, call),
      refused: (reason) => this.refuse(reason),
      problem: (sentence) => {
        this.unreachable = sentence ?? "";
        this.showProblem();
      },
    });
    this.controls = new Controls(send, () => send({ type: "code" }));
    this.settings = new SettingsPanel((settings) => send({ type: "change", settings }));
    this.network = new NetworkDrawing({
      change: (settings) => send({ type: "change", settings }),
      select: (unit, source) => this.select(unit, source),
      hover: (unit) => this.hover(unit),
    });
    this.output = new OutputPicture(() => this.draw());
    this.weights = new WeightsPanel((unit, source, value) =>
      send({ type: "weight", layer: unit.column - 1, unit: unit.row, source, value }),
    );
    root.replaceChildren(
      this.controls.element,
      this.settings.element,
      this.problem,
      make(
        "div",
        { class: "playground-main" },
        make(
          "div",
          { class: "playground-left" },
          this.network.element,
          this.why,
          this.weights.element,
        ),
        make(
          "div",
          { class: "playground-right" },
          this.output.element,
          this.curve.element,
          this.facts,
        ),
      ),
      this.code.element,
    );
    this.problem.hidden = true;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
    this.unwatchTheme = watchTheme(() => {
      this.network.paintInputs();
      this.settings.paint();
      this.resize();
    });
    this.client.open();
  }

  close(): void {
    this.client.close();
    this.network.close();
    this.code.close();
    this.settings.close();
    this.observer.disconnect();
    this.unwatchTheme();
    cancelAnimationFrame(this.request);
    clearTimeout(this.timer);
    this.root.replaceChildren();
  }

  // ── what arrives ─────────────────────────────────────────────────────────

  private receiveSetup(setup: Setup): void {
    const before = this.setup?.message;
    this.setup = setup;
    this.frame = null; // Of a network with another structure; the kernel sends a new one.
    const { message } = setup;
    this.settings.setSetup(setup);
    this.output.setSetup(setup);
    this.curve.setSetup(setup);
    setText(this.why, message.why_not_drawn ?? "");
    this.why.hidden = message.why_not_drawn === null;
    const isDrawn = message.why_not_drawn === null;
    this.network.element.hidden = this.weights.element.hidden = !isDrawn;
    setText(this.facts, factsOf(setup));
    if (!isDrawn) return;
    this.network.setSetup(setup);
    const isSame =
      JSON.stringify(before?.layers) === JSON.stringify(message.layers) &&
      before?.inputs.join() === message.inputs.join();
    if (isSame) return;
    this.hovered = null;
    this.network.showSelected(null);
    this.weights.clear();
  }

  private receiveFrame(frame: Frame): void {
    this.frame = frame;
    this.isNew = true;
    this.curve.add(frame);
    this.requestDrawing();
  }

  private refuse(reason: string): void {
    this.refusal = reason;
    this.showProblem();
    if (this.setup) this.settings.setSetup(this.setup); // Fields show what holds again.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.refusal = "";
      this.showProblem();
    }, REFUSED_MS);
  }

  private showProblem(): void {
    const { unreachable, refusal, frame } = this;
    const notFinite = frame && !Number.isFinite(frame.trainLoss) ? NOT_FINITE : "";
    const sentence = unreachable || refusal || frame?.message.error || notFinite;
    setText(this.problem, sentence);
    this.problem.hidden = sentence === "";
  }

  // ── drawing ──────────────────────────────────────────────────────────────

  /** Draws the newest frame in the next animation frame; those before it are not drawn. */
  private requestDrawing(): void {
    if (this.request !== 0) return;
    this.request = requestAnimationFrame(() => {
      this.request = 0;
      this.draw();
    });
  }

  private resize(): void {
    this.output.resize();
    this.curve.resize();
    this.draw();
  }

  private draw(): void {
    const { frame, setup } = this;
    if (!frame || !setup) return;
    this.controls.show(frame, setup);
    this.showProblem();
    if (setup.message.why_not_drawn === null) {
      this.network.paint(frame);
      this.weights.paint(frame);
    }
    this.output.draw(this.shown(frame), frame);
    if (frame.message.playing === "playing") this.curve.drawIfDue();
    else this.curve.draw();
    this.root.dataset.labkitStep = String(frame.message.step);
    this.root.dataset.labkitPlaying = frame.message.playing;
    if (!this.isNew) return;
    this.isNew = false;
    this.framesDrawn += 1;
    this.root.dataset.labkitFrames = String(this.framesDrawn);
    this.client.frameDrawn(frame.message);
  }

  /** Returns the picture of the unit under the pointer, or of the output. */
  private shown(frame: Frame): Shown {
    const { output } = frame;
    const { message, features } = this.setup as Setup;
    const network = { picture: output, title: "Output of the network", isOutput: true };
    if (this.hovered === null) return network;
    const { column, row } = this.hovered;
    const picture = column === 0 ? features[row] : pictureOf(frame, message, column - 1, row);
    if (!picture || picture === output) return network;
    const title = column === 0 ? "Input" : this.network.nameOf(this.hovered);
    return { picture, title, isOutput: false };
  }

  // ── units ────────────────────────────────────────────────────────────────

  private hover(unit: UnitPlace | null): void {
    this.hovered = unit;
    this.requestDrawing();
  }

  private select(unit: UnitPlace, source: number | null): void {
    this.network.showSelected(unit);
    const { layers } = (this.setup as Setup).message;
    const place = weightPlace(layers, unit.column - 1, unit.row);
    const sources = this.network.sourcesOf(unit);
    const remark = remarkOf(layers[unit.column - 1] as PlaygroundLayer);
    this.weights.show(unit, this.network.nameOf(unit), sources, place, remark);
    if (this.frame) this.weights.paint(this.frame);
    if (source !== null) this.weights.focus(source);
  }
}

/** Returns what has to be said of the weights of a layer that are not all shown. */
function remarkOf({ inputs, all_inputs, note }: PlaygroundLayer): string {
  const some = inputs < all_inputs ? `The first ${inputs} of ${all_inputs} weights. ` : "";
  return `${some}${note}`;
}

function factsOf({ message, points }: Setup): string {
  const count = points.length / 3;
  const test = count - message.train_points;
  const facts =
    `${message.parameters} parameters; ${message.train_points} points for training, ${test} for ` +
    `the test; ${message.steps_per_epoch} step${message.steps_per_epoch === 1 ? "" : "s"} in an epoch`;
  if (!message.own_data) return facts;
  const remarks = [
    isNearZero(message.plane) ? "" : NOT_SCALED,
    message.regression && Math.max(...message.y_range.map(Math.abs)) > FAR ? LARGE_VALUES : "",
  ];
  return [facts, ...remarks.filter(Boolean)].join(". ");
}

/** Whether both coordinates have the size that a network's first weights are made for. */
function isNearZero([left, right, bottom, top]: readonly [
  number,
  number,
  number,
  number,
]): boolean {
  const farthest = Math.max(...[left, right, bottom, top].map(Math.abs));
  return farthest < FAR && Math.min(right - left, top - bottom) > 1 / FAR;
}
