/** The cards of a dashboard: their titles, what draws them, and when they are offered. */

import { PANEL_TITLES } from "../../parts/panel";
import type { DrawView, RunSession } from "../../session";
import { drawActivations } from "../activations/view";
import { drawDetails } from "../controls/details";
import { drawTuning } from "../controls/tuning";
import { drawCurves } from "../curves/view";
import { drawFindings } from "../findings/view";
import { drawGradients } from "../gradients/view";
import { drawGraph } from "../graph/view";
import { drawLayers } from "../layers/view";
import { drawSamples } from "../samples/view";
import type { CardName } from "./arrangement";

export interface CardKind {
  readonly title: string;
  readonly explanation: string;
  readonly draw: DrawView;
  /** Returns a number to display beside the title; 0 for none. */
  readonly count?: (session: RunSession) => number;
  /** Returns whether there is anything to show; always, without it. */
  readonly isOffered?: (session: RunSession) => boolean;
}

function panel(name: keyof typeof PANEL_TITLES, draw: DrawView): CardKind {
  const [title, explanation] = PANEL_TITLES[name];
  return { title, explanation, draw };
}

export const CARDS: Readonly<Record<CardName, CardKind>> = {
  curves: panel("curves", drawCurves),
  gradients: panel("gradients", drawGradients),
  activations: panel("activations", drawActivations),
  graph: { ...panel("graph", drawGraph), title: "Graph" },
  layers: panel("layers", drawLayers),
  samples: {
    ...panel("samples", drawSamples),
    isOffered: ({ samples }) => samples.length > 0,
  },
  findings: {
    title: "Findings",
    explanation:
      "What looks wrong in this training, with the evidence, the usual cause and advice.",
    draw: drawFindings,
    count: ({ findings }) => findings.length,
  },
  tuning: {
    title: "Tuning",
    explanation: "Change learning rates, freeze modules, and take changes back, while it trains.",
    draw: drawTuning,
    // An exported page changes nothing; it shows what was changed.
    isOffered: ({ exported, tuning }) => exported === null || tuning.events.length > 0,
    count: ({ tuning }) => tuning.events.filter(({ taken_back }) => taken_back === null).length,
  },
  details: {
    title: "Details",
    explanation: "Everything that is known of the run: its size, its speed, its cost, its notices.",
    draw: drawDetails,
    count: ({ state }) => state?.notices.length ?? 0,
  },
};
