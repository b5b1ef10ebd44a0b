/**
 * All views of a run: controls and findings above, curves beside gradients, activations and graph
 * below.
 */

import type { ViewName } from "../messages/widgets";
import { make } from "../parts/element";
import { withTitle } from "../parts/panel";
import { watchViewRequests } from "../parts/view-request";
import type { DrawView } from "../session";
import { drawActivations } from "./activations/view";
import { drawControls } from "./controls/view";
import { drawCurves } from "./curves/view";
import { drawFindings } from "./findings/view";
import { drawGradients } from "./gradients/view";
import { drawGraph } from "./graph/view";
import { drawLayers } from "./layers/view";

const PARTS: readonly (readonly [string, DrawView])[] = [
  ["controls", drawControls],
  ["findings", drawFindings],
  ["curves", withTitle("curves", drawCurves)],
  ["gradients", withTitle("gradients", drawGradients)],
  ["activations", withTitle("activations", drawActivations)],
  ["graph", withTitle("graph", drawGraph)],
  ["layers", withTitle("layers", drawLayers)],
];

export const drawDashboard: DrawView = (root, session) => {
  root.classList.add("labkit-dashboard");
  root.dataset.labkitView = "dashboard";
  const showStep = () => {
    const { state, problem } = session;
    if (state) root.dataset.labkitStep = String(state.step);
    // The controls display the problem, so empty panels do not.
    root.classList.toggle("labkit-nothing", state === null && problem !== null);
  };
  const scrollTo = (view: ViewName) =>
    root.querySelector(`.labkit-area-${view}`)?.scrollIntoView({ block: "nearest" });
  const places = PARTS.map(([name]) => make("div", { class: `labkit-area-${name}` }));
  root.replaceChildren(...places);
  const closes = PARTS.map(([, draw], index) => draw(places[index] as HTMLElement, session));
  closes.push(session.subscribe(showStep), watchViewRequests(root, scrollTo));
  showStep();
  return () => {
    for (const close of closes) close();
    root.replaceChildren();
  };
};
