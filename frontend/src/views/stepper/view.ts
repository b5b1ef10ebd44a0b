/** The stepper view: the graph, the current event of the walk, and its values. */

import { make, setText } from "../../parts/element";
import type { RunSession } from "../../session";
import type { MessageRecorder } from "../../transport/message-recorder";
import { activeElement } from "../graph/drawing/elements";
import { GraphView } from "../graph/view";
import { drawEvent } from "./event-panel";
import { drawLeaves } from "./leaves";
import { NodeNames } from "./node-names";
import { Player } from "./player";
import type { Walk } from "./walk";
import { type StepperModel, WalkClient } from "./walk-client";

const EXPLANATION =
  "Every operation of the real graph, one after the other: first forward, as the values were " +
  "computed, then backward, as autograd passes the gradients on.";

/** Draws a stepper into an element; returns its clean-up. */
export function drawStepper(
  root: HTMLElement,
  session: RunSession,
  model: StepperModel,
  walks: MessageRecorder,
): () => void {
  const view = new StepperView(root, session, model, walks);
  return () => view.close();
}

class StepperView {
  private walk: Walk | null = null;
  private names: NodeNames | null = null;
  private graph: GraphView | null = null;
  private readonly problem = make(
    "p",
    { class: "labkit-empty", role: "status" },
    "Waiting for the walk",
  );
  private readonly stage = make("div", { class: "labkit-stepper-graph" });
  private readonly panel = make("div", { class: "labkit-stepper-panel", "aria-live": "polite" });
  private readonly leaves = make("div");
  private readonly player = new Player((event) => this.show(event));
  private readonly client: WalkClient;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    model: StepperModel,
    walks: MessageRecorder,
  ) {
    root.classList.add("labkit-panel", "labkit-stepper");
    root.setAttribute("data-labkit-view", "stepper");
    root.setAttribute("data-lm-suppress-shortcuts", "true");
    root.tabIndex = -1;
    const side = make("div", { class: "labkit-stepper-side" }, this.panel, this.leaves);
    root.replaceChildren(
      make("h3", { class: "labkit-title", title: EXPLANATION }, "Stepper"),
      this.problem,
      this.player.element,
      make("div", { class: "labkit-stepper-body" }, this.stage, side),
    );
    root.addEventListener("keydown", this.onKey);
    this.client = new WalkClient(model, walks, {
      walk: (walk) => this.load(walk),
      problem: (text) => this.showProblem(text),
      refused: (text) => this.showRefusal(text),
    });
    this.client.open();
  }

  close(): void {
    this.root.removeEventListener("keydown", this.onKey);
    this.client.close();
    this.player.close();
    this.graph?.close();
    this.root.replaceChildren();
  }

  private readonly onKey = (event: KeyboardEvent) => {
    const pressing = event.target instanceof HTMLButtonElement && event.key === " ";
    const typing = event.target instanceof HTMLInputElement || pressing;
    const inGraph = event.target instanceof Node && this.stage.contains(event.target);
    if (typing || inGraph || !this.player.handleKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  private showProblem(text: string | null): void {
    this.problem.hidden = text === null;
    setText(this.problem, text ?? "");
  }

  /** Shows the reason, and restores the fields of the leaves. */
  private showRefusal(text: string): void {
    this.showProblem(text);
    if (this.walk && this.names) this.showLeaves(this.walk, this.names);
  }

  private load(walk: Walk): void {
    const structure = walk.graph.signature !== this.walk?.graph.signature;
    this.walk = walk;
    this.names = new NodeNames(walk.graph);
    if (walk.reason !== null) this.showProblem(walk.reason);
    if (structure) this.drawGraph(walk);
    this.showLeaves(walk, this.names);
    this.player.element.hidden = walk.events.length === 0;
    this.player.load(walk);
  }

  /** Draws the leaves, and restores the focus. */
  private showLeaves(walk: Walk, names: NodeNames): void {
    const at = this.fields().indexOf(activeElement(this.root) as HTMLInputElement);
    this.leaves.replaceChildren(
      ...(walk.leaves.length === 0 ? [] : [drawLeaves(walk, names, this.client)]),
    );
    this.fields()[at]?.focus({ preventScroll: true });
  }

  private fields(): HTMLInputElement[] {
    return [...this.leaves.querySelectorAll("input")];
  }

  private drawGraph(walk: Walk): void {
    this.graph?.close();
    const place = make("div");
    this.stage.replaceChildren(place);
    this.graph = new GraphView(place, withGraph(this.session, walk), { embedded: true });
  }

  private show(number: number): void {
    const event = this.walk?.events[number];
    if (!event || !this.walk || !this.names) return;
    this.root.setAttribute("data-labkit-step", String(number));
    this.root.setAttribute("data-labkit-phase", event.phase);
    this.panel.replaceChildren(drawEvent(event, this.names));
    const done = this.walk.events.slice(0, number).filter((each) => each.phase === event.phase);
    this.graph?.markWalk(event.node, new Set(done.map((each) => each.node)));
  }
}

/** Returns a session with the graph of the walk, which an edit may have changed. */
function withGraph(session: RunSession, walk: Walk): RunSession {
  return Object.create(session, { graph: { value: walk.graph } }) as RunSession;
}
