/** A titled box around a view, and the text that replaces an empty drawing. */

import type { DrawView, RunSession } from "../session";
import { make, setText } from "./element";

export type PanelName = "curves" | "gradients" | "activations" | "samples" | "graph" | "layers";

/** The title of each panel, and what it shows. */
export const PANEL_TITLES: Readonly<
  Record<PanelName, readonly [title: string, explanation: string]>
> = {
  curves: [
    "Loss and metrics",
    "The loss is the number that training makes smaller. Every point is a value that this run " +
      "computed. Drag to zoom, double-click to see everything, click to look at one step, " +
      "Shift+click to compare it with another one.",
  ],
  gradients: [
    "Gradients",
    "A gradient says how the loss would change if a parameter changed a little. Its norm is its " +
      "length: how strongly each part of the model is being pushed at each step.",
  ],
  activations: [
    "Activations",
    "What each module gives out on its way from the input to the loss, read in some of the steps. " +
      "Pick a row to see a picture of that module.",
  ],
  samples: [
    "Samples",
    "Images, texts and figures that the training loop logs with run.log. Move a slider to see those " +
      "of earlier steps.",
  ],
  graph: [
    "Computation graph",
    "The operations that PyTorch recorded in a real step, folded into the modules of the model. " +
      "The gradients flow along it from the loss back to the parameters.",
  ],
  layers: [
    "Layers",
    "Each module of the model with its size, what it costs, and what was recorded of it last. " +
      "Click a header to sort, a row to select the module in all views.",
  ],
};

/** Returns the view with its title above it. */
export function withTitle(name: PanelName, draw: DrawView): DrawView {
  return (root, session) => {
    const [title, explanation] = PANEL_TITLES[name];
    const place = make("div", { class: "labkit-panel-body" });
    const heading = make("h3", { class: "labkit-title", title: explanation }, title);
    root.classList.add("labkit-panel");
    root.replaceChildren(heading, place);
    const close = draw(place, session);
    return () => {
      close();
      root.replaceChildren();
    };
  };
}

/** Returns a sentence on why there is nothing to draw. */
export function emptyMessage(session: RunSession): string {
  if (session.problem) return session.problem;
  if (session.isLoading) return "Loading what this run has recorded";
  const status = session.state?.status;
  const active = ["waiting", "running", "pausing", "paused"];
  const ended = status !== undefined && !active.includes(status);
  if (ended) return "This run ended before its first step";
  if (session.exported !== null) return "This page was saved before the first step";
  return "Waiting for the first step";
}

/** A sentence that replaces an empty drawing; hidden for null. */
export class EmptyMessage {
  readonly element = make("p", { class: "labkit-empty", role: "status" });

  show(text: string | null): void {
    this.element.hidden = text === null;
    setText(this.element, text ?? "");
  }
}
