/**
 * The graph view: connects the run with the drawing and its panels.
 *
 * `view-state.ts` is the state of the view, `interaction.ts` handles clicks and keys. A frame
 * without a new structure changes only colours.
 */

import type { GraphData } from "../../messages/graph";
import { drawsEachStep, RedrawScheduler } from "../../parts/redraw-scheduler";
import { selectionText } from "../../parts/selection";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView, RunSession } from "../../session";
import { NodeColouring } from "./colouring/node-colouring";
import { markDifference } from "./drawing/difference-marks";
import { html } from "./drawing/elements";
import { GraphDrawing } from "./drawing/graph-drawing";
import { Minimap } from "./drawing/minimap";
import { markSelected } from "./drawing/selection-marks";
import { visibleBoxes } from "./drawing/visible-box";
import { WalkMarks } from "./drawing/walk-marks";
import { GraphInteraction } from "./interaction";
import { describeChange } from "./model/difference";
import { nameToSelect, selectedIds } from "./model/selected";
import type { ShownGraph } from "./model/shown-graph";
import { FailureNote } from "./panels/failure-note";
import { StructureSelection } from "./panels/structure-selection";
import { listenToStage } from "./stage-events";
import { GraphViewState } from "./view-state";

const ACTIVE: ReadonlySet<string> = new Set(["waiting", "running", "pausing", "paused"]);
const WAITING = "The graph appears with the first backward pass.";
const ENDED = "This run has recorded no graph.";

/** Draws the computation graph of a run; returns its clean-up. */
export const drawGraph: DrawView = (root, session) => {
  const view = new GraphView(root, session);
  return () => view.close();
};

export interface GraphOptions {
  /**
   * Whether the graph is part of another view. Then all modules are initially open and no repeat is
   * collapsed, unless that is too large to draw, and there is no details panel.
   */
  readonly embedded?: boolean;
}

export class GraphView {
  private readonly state: GraphViewState;
  private readonly drawing: GraphDrawing;
  private readonly interaction: GraphInteraction;
  private readonly failures: FailureNote;
  private readonly selection: StructureSelection;
  private readonly colouring = new NodeColouring(() => this.refresh());
  private readonly walkMarks = new WalkMarks();
  private readonly minimap = new Minimap();
  private readonly listeners = new AbortController();
  private readonly resizes = new ResizeObserver(() => this.onResized());
  private readonly redraw: RedrawScheduler;
  private readonly unsubscribe: () => void;
  private readonly embedded: boolean;
  /** The selection that is outlined in the present drawing of a graph; null without one. */
  private marked: { readonly shown: ShownGraph; readonly selected: string | null } | null = null;
  /** Whether the details panel was open when the stage got its present size. */
  private wasPanelOpen = false;
  /** The selection to which the drawing has moved. */
  private approached: string | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    { embedded = false }: GraphOptions = {},
  ) {
    root.classList.add("labkit-graph");
    root.setAttribute("data-labkit-view", "graph");
    const settings = new ViewSettings(session.runId);
    this.embedded = embedded;
    this.state = new GraphViewState(settings, embedded);
    this.drawing = new GraphDrawing(
      {
        onDrawn: (shown) => this.onDrawn(shown),
        onCleared: () => this.onCleared(),
        onMoved: () => this.onMoved(),
        onMessage: (message) => this.interaction.toolbar.showMessage(message),
        onBusy: (offerCancel) => this.onBusy(offerCancel),
      },
      async () => new Worker(await session.asset("layout.js")),
    );
    this.interaction = new GraphInteraction(this.state, this.drawing, this.colouring, session, {
      select: (id) => this.select(id),
      deselect: (id) => this.deselect(id),
      reveal: () => this.revealSelected(),
      selectedBox: () => this.selectedBox(),
    });
    const { toolbar, tooltip, help, details, sliders, navigator } = this.interaction;
    const showMessage = (message: string) => toolbar.showMessage(message);
    this.selection = new StructureSelection(session, () => this.update(), showMessage);
    this.failures = new FailureNote((id) => navigator.show(id));
    const { scene, stage } = this.drawing;
    if (!embedded) this.drawing.height.restore(settings);
    stage.append(tooltip.element);
    const pane = html("div", { class: "labkit-graph-pane" });
    pane.append(stage, this.minimap.element, help.element);
    const deck = html("div", { class: "labkit-graph-deck" });
    deck.append(pane, details.element);
    root.replaceChildren(
      toolbar.element,
      this.failures.element,
      this.selection.element,
      sliders.element,
      deck,
    );
    listenToStage(stage, scene, this.interaction.stageActions(), this.listeners.signal);
    this.resizes.observe(stage);
    this.redraw = new RedrawScheduler(root, () => this.update());
    this.unsubscribe = session.subscribe((change) => {
      const isDue = session.drawsAll || this.isNewGraph();
      if (change === "frame") this.redraw.later(isDue, drawsEachStep(session.state));
      else if (change === "selection") this.redraw.now();
      else this.update();
    });
    this.update();
  }

  /** Marks the current node of a walk and the completed ones; moves the current one into view. */
  markWalk(current: string | null, done: ReadonlySet<string>): void {
    const { scene, viewport } = this.drawing;
    this.walkMarks.set(current, done);
    const id = this.walkMarks.apply(scene, this.state.shown?.graph ?? null);
    const rect = id === null ? undefined : scene.rect(id);
    if (rect) viewport.reveal(rect);
  }

  close(): void {
    this.unsubscribe();
    this.redraw.close();
    this.resizes.disconnect();
    this.listeners.abort();
    this.drawing.close();
    this.root.replaceChildren();
  }

  private isNewGraph(): boolean {
    const graph = this.selection.graph();
    return graph !== null && this.state.isNew(graph);
  }

  /** Updates the view to the current graph of the session. */
  private update(): void {
    const graph = this.selection.graph();
    this.failures.show(graph);
    if (!graph || graph.nodes.length === 0) {
      this.state.shown = null;
      this.drawing.showText(graph?.reason ?? this.absence());
      return;
    }
    if (this.state.isNew(graph)) this.showGraph(graph);
    this.refresh();
    this.showSelection();
  }

  /** Selects a node or call in all views, or takes it back; the drawing does not move. */
  private select(id: string | null): void {
    const name = id === null ? null : this.nameOf(id);
    if (this.embedded || name === this.session.selected) return;
    this.approached = name;
    this.session.select(name);
  }

  private deselect(id: string): void {
    if (this.nameOf(id) === this.session.selected) this.select(null);
  }

  /** Returns the name by which a drawn box is selected; null if it is in no other view. */
  private nameOf(id: string): string | null {
    const { shown } = this.state;
    return shown && nameToSelect(shown.recorded, shown.recordedIdOf(id));
  }

  /** Outlines the selected boxes, and moves to the first, once for each selection. */
  private showSelection(): void {
    const { drawing, session } = this;
    const { shown } = this.state;
    const { selected } = session;
    this.interaction.note.update();
    if (!shown || !drawing.layout) return;
    const isMarked = this.marked?.shown === shown && this.marked.selected === selected;
    const isApproached = selected === this.approached || drawing.stage.clientWidth === 0;
    if (isMarked && isApproached) return;
    const ids = selected === null ? [] : selectedIds(shown.recorded, selected);
    markSelected(drawing.scene, shown, ids);
    this.marked = { shown, selected };
    if (isApproached) return;
    this.approached = selected;
    const [first] = ids;
    const { navigator, toolbar } = this.interaction;
    if (first !== undefined) navigator.goTo(first);
    else if (selected !== null) {
      toolbar.showMessage(`The graph has no “${selectionText(selected)}”.`);
    }
  }

  /** Returns the first selected box, or the folded module around it; null without one. */
  private selectedBox(): string | null {
    const { shown } = this.state;
    const { selected } = this.session;
    if (!shown || selected === null) return null;
    const [first] = selectedIds(shown.recorded, selected);
    if (first === undefined) return null;
    return visibleBoxes(this.drawing.scene, shown.graph)(shown.drawnIdOf(first));
  }

  /** Moves the first selected box into view. */
  private revealSelected(): void {
    const id = this.selectedBox();
    const rect = id === null ? undefined : this.drawing.scene.rect(id);
    if (rect) this.drawing.viewport.reveal(rect);
  }

  /** Returns a sentence on why there is no graph. */
  private absence(): string {
    const status = this.session.state?.status ?? "waiting";
    return this.session.problem ?? (ACTIVE.has(status) ? WAITING : ENDED);
  }

  private showGraph(graph: GraphData): void {
    const { drawing, state } = this;
    const open = state.showGraph(graph, drawing.requestedOpen);
    drawing.describe(state.shown?.summary() ?? "");
    if (!drawing.viewport.changedByUser) {
      this.interaction.draw({ open, fit: true });
      return;
    }
    const fixed = drawing.nearest((id) => state.shown?.contains(id) ?? false);
    this.interaction.draw({ open, ...(fixed === undefined ? {} : { fixed }) });
  }

  private onDrawn(shown: ShownGraph): void {
    const { scene, layout, viewport } = this.drawing;
    const { toolbar, sliders, navigator } = this.interaction;
    this.interaction.unhover();
    toolbar.enable(true);
    toolbar.limitUnfolding(shown.unfoldingLimit);
    this.walkMarks.apply(scene, shown.graph);
    sliders.update(shown.repeats, (id) => scene.rect(id) !== undefined);
    markDifference(scene, shown.difference);
    toolbar.showMessage(describeChange(shown));
    navigator.applyFade();
    if (layout) this.minimap.draw(layout.visible, layout.placement, viewport);
    this.refresh();
    this.marked = null;
    this.showSelection();
  }

  private onCleared(): void {
    const { toolbar, sliders } = this.interaction;
    this.interaction.unhover();
    toolbar.enable(false);
    sliders.update([], () => false);
    this.minimap.hide();
  }

  /** Updates the colours, the tooltip and the details. */
  private refresh(): void {
    const { session } = this;
    const { shown } = this.state;
    const { scene, layout } = this.drawing;
    if (!layout || !shown) return;
    this.colouring.update(scene, shown, session);
    const step = session.cursor ?? session.state?.step ?? shown.recorded.step;
    if (step !== null && step !== undefined)
      this.root.setAttribute("data-labkit-step", String(step));
    this.interaction.refresh();
  }

  private onResized(): void {
    const { drawing } = this;
    const { isOpen } = this.interaction.details;
    drawing.height.save();
    // The picture stays where it is when the panel beside it opens or closes.
    const isPanel = isOpen !== this.wasPanelOpen && (isOpen || drawing.suitsStage);
    this.wasPanelOpen = isOpen;
    if (drawing.viewport.changedByUser || isPanel) this.minimap.update();
    else drawing.refit(this.state.shown, false);
    this.showSelection();
  }

  private onMoved(): void {
    this.interaction.unhover();
    this.minimap.update();
  }

  private onBusy(offerCancel: boolean): void {
    const { toolbar } = this.interaction;
    if (offerCancel) toolbar.showMessage("Laying out the graph…");
    toolbar.offerCancel(offerCancel);
  }
}
