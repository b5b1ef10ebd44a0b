/** The main script: opens the session of a run and draws a view. */

import type { DashboardForm, ViewName } from "./messages/widgets";
import { make } from "./parts/element";
import { withTitle } from "./parts/panel";
import partsStyle from "./parts/parts.css";
import { clearOnEscape } from "./parts/selection";
import { guardShortcuts } from "./parts/shortcut-guard";
import { isDark, watchTheme } from "./parts/theme";
import figuresStyle from "./plot/figures.css";
import { type DrawnView, resumeView, suspendView } from "./resumable-views";
import type { DrawView } from "./session";
import type { Channel } from "./transport/channel";
import type { MessageRecorder } from "./transport/message-recorder";
import { openSession } from "./transport/shared-sessions";
import activationsStyle from "./views/activations/activations.css";
import { drawActivations } from "./views/activations/view";
import comparisonStyle from "./views/comparison/comparison.css";
import { drawComparison } from "./views/comparison/view";
import controlsStyle from "./views/controls/controls.css";
import detailsStyle from "./views/controls/details.css";
import tuningStyle from "./views/controls/tuning.css";
import { drawControls } from "./views/controls/view";
import curvesStyle from "./views/curves/curves.css";
import { drawCurves } from "./views/curves/view";
import cardsStyle from "./views/dashboard/cards.css";
import dashboardStyle from "./views/dashboard/dashboard.css";
import headStyle from "./views/dashboard/head.css";
import { drawDashboard } from "./views/dashboard/view";
import findingsStyle from "./views/findings/findings.css";
import { drawFindings } from "./views/findings/view";
import linesStyle from "./views/gradients/lines.css";
import { drawGradients } from "./views/gradients/view";
import graphDrawingStyle from "./views/graph/drawing/drawing.css";
import graphStatesStyle from "./views/graph/drawing/states.css";
import graphStyle from "./views/graph/graph.css";
import graphDetailsStyle from "./views/graph/panels/details.css";
import graphPanelsStyle from "./views/graph/panels/panels.css";
import { drawGraph } from "./views/graph/view";
import layersStyle from "./views/layers/layers.css";
import { drawLayers } from "./views/layers/view";
import runsStyle from "./views/runs/runs.css";
import type { RunsModel } from "./views/runs/runs-client";
import { drawRuns } from "./views/runs/view";
import samplesStyle from "./views/samples/samples.css";
import { drawSamples } from "./views/samples/view";
import stepperStyle from "./views/stepper/stepper.css";
import { drawStepper } from "./views/stepper/view";
import type { StepperModel } from "./views/stepper/walk-client";
import style from "./views/style.css";

type Composed = "stepper" | "dashboard" | "comparison" | "runs";

const VIEWS: Readonly<Record<Exclude<ViewName, Composed>, DrawView>> = {
  curves: withTitle("curves", drawCurves),
  gradients: withTitle("gradients", drawGradients),
  activations: withTitle("activations", drawActivations),
  samples: withTitle("samples", drawSamples),
  graph: withTitle("graph", drawGraph),
  layers: withTitle("layers", drawLayers),
  controls: drawControls,
  findings: drawFindings,
};

const STYLES = [
  style,
  partsStyle,
  controlsStyle,
  findingsStyle,
  figuresStyle,
  activationsStyle,
  curvesStyle,
  tuningStyle,
  samplesStyle,
  linesStyle,
  graphStyle,
  graphDrawingStyle,
  graphPanelsStyle,
  graphStatesStyle,
  graphDetailsStyle,
  layersStyle,
  stepperStyle,
  headStyle,
  cardsStyle,
  detailsStyle,
  dashboardStyle,
  comparisonStyle,
  runsStyle,
].join("\n");

/** The channel of one run of a comparison. */
interface ComparedChannel {
  readonly name: string;
  readonly channel: Channel;
  readonly messages: MessageRecorder;
}

export interface ViewRequest {
  readonly view: string;
  readonly channel: Channel;
  readonly messages: MessageRecorder;
  readonly root: HTMLElement;
  /** The model of the view's widget, used by the stepper and the runs for their messages. */
  readonly model?: StepperModel & RunsModel;
  /** The messages of the view's widget; null for all views but these two. */
  readonly ownMessages: MessageRecorder | null;
  /** The form of a dashboard, if the program has chosen it. */
  readonly form?: DashboardForm | null;
  /** The runs of a comparison, of which `channel` is that of the first. */
  readonly compared?: readonly ComparedChannel[];
  /** Of the styles, on a page whose policy allows only those with it. */
  readonly nonce?: string;
  /** Resolves to channels by their model ids, with the names of their runs; for the runs only. */
  openChannels?(ids: readonly string[], names: readonly string[]): Promise<ComparedChannel[]>;
}

/** Draws a view of the channel's run, or shows it again; returns its clean-up. */
export function render(request: ViewRequest): () => void {
  const { view, channel, compared = [], root, form } = request;
  const channels = compared.length > 0 ? compared.map((each) => each.channel) : [channel];
  const key = [view, form ?? "", ...channels.map((each) => each.get("run_id"))].join(" ");
  const isResumable = request.ownMessages === null;
  const drawn = (isResumable ? resumeView(key, channel) : null) ?? drawView(request);
  root.replaceChildren(drawn.element);
  return () => {
    if (!isResumable) drawn.close();
    else suspendView(key, drawn);
    drawn.element.remove();
  };
}

/** Returns what draws a view; undefined if this build has no such view. */
function drawingOf(request: ViewRequest): DrawView | undefined {
  const { view, model, ownMessages, form, compared = [], openChannels } = request;
  if (view === "dashboard") return (place, session) => drawDashboard(place, session, form);
  if (view === "stepper" && model && ownMessages) {
    return (place, session) => drawStepper(place, session, model, ownMessages);
  }
  if (view === "runs" && model && ownMessages && openChannels) {
    return (place) =>
      drawRuns(place, model, ownMessages, async (stage, ids, names) =>
        drawCompared(stage, await openChannels(ids, names)),
      );
  }
  if (view === "comparison") return (place) => drawCompared(place, compared);
  return VIEWS[view as keyof typeof VIEWS];
}

/** Draws a comparison with the sessions of its runs. */
function drawCompared(place: HTMLElement, compared: readonly ComparedChannel[]): () => void {
  const handles = compared.map((each) => openSession(each.channel, each.messages));
  const runs = handles.map(({ session }, index) => ({
    name: compared[index]?.name ?? "",
    session,
  }));
  const end = drawComparison(place, runs);
  return () => {
    end();
    for (const { release } of handles) release();
  };
}

function drawView(request: ViewRequest): DrawnView {
  const { view, channel, messages, root, nonce } = request;
  const draw = drawingOf(request);
  if (!draw) {
    const element = make("p", {}, `This build of labkit has no view named “${view}”.`);
    return { channel, element, close: () => undefined };
  }
  const place = make("div");
  const frame = make("div", { class: "labkit" }, place);
  const styles = make("style", nonce ? { nonce } : {}, STYLES);
  const element = make("div", {}, styles, frame);
  root.replaceChildren(element); // Views read their size and colours while they are drawn.
  const endGuard = guardShortcuts(frame);
  const applyColours = () => setColours(frame);
  applyColours();
  const stopWatching = watchTheme(applyColours);
  const { session, release } = openSession(channel, messages);
  clearOnEscape(frame, session);
  const end = draw(place, session);
  const close = () => {
    end();
    release();
    endGuard();
    stopWatching();
  };
  return { channel, element, close };
}

/** Selects labkit's colours if the page defines none, as outside JupyterLab. */
function setColours(frame: HTMLElement): void {
  const named = getComputedStyle(document.body).getPropertyValue("--jp-layout-color1") !== "";
  frame.dataset.labkitColours = named ? "page" : isDark(frame) ? "dark" : "light";
}
