/** Controls, curves, gradients and graph of one run in one view. */

import { drawGraph } from "../../graph";
import type { DrawView } from "../../session";
import { drawControls } from "../controls";
import { drawCurves } from "../curves";
import { drawGradients } from "../gradients";

interface Panel {
  readonly title: string;
  readonly meaning: string;
  readonly draw: DrawView;
  readonly wide: boolean;
}

const PANELS: readonly Panel[] = [
  {
    title: "Loss and metrics",
    meaning: "The loss says how wrong the model is; training makes it smaller step by step.",
    draw: drawCurves,
    wide: false,
  },
  {
    title: "Gradients and weights",
    meaning:
      "How strongly each parameter was pushed at each step. Layers that stay near zero do " +
      "not learn.",
    draw: drawGradients,
    wide: false,
  },
  {
    title: "Computation graph",
    meaning:
      "The operations PyTorch recorded in the latest sampled step, folded into the model's " +
      "modules. Click a module to open it.",
    draw: drawGraph,
    wide: true,
  },
];

export const drawDashboard: DrawView = (root, session) => {
  root.classList.add("labkit", "labkit-dashboard");
  root.dataset.labkitView = "dashboard";
  const controls = document.createElement("div");
  const panels = document.createElement("div");
  panels.className = "labkit-panels";
  root.append(controls, panels);
  const cleanUps = [drawControls(controls, session)];
  for (const panel of PANELS) {
    const section = document.createElement("section");
    section.classList.toggle("labkit-wide", panel.wide);
    const title = document.createElement("h3");
    title.textContent = panel.title;
    title.title = panel.meaning;
    const body = document.createElement("div");
    section.append(title, body);
    panels.append(section);
    cleanUps.push(panel.draw(body, session));
  }
  const update = (): void => {
    if (session.state !== null) {
      root.dataset.labkitStep = String(session.state.step);
    }
  };
  update();
  cleanUps.push(session.subscribe(update));
  return () => {
    for (const cleanUp of cleanUps) {
      cleanUp();
    }
    root.replaceChildren();
  };
};
