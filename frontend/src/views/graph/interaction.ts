/**
 * The actions of a graph view on clicks, keys and hovering.
 *
 * Each action changes the state, the drawing or a panel. Changes of the run are handled in
 * `view.ts`.
 */

import { SelectionNote } from "../../parts/selection-note";
import type { RunSession } from "../../session";
import type { NodeColouring } from "./colouring/node-colouring";
import type { DrawOptions, GraphDrawing } from "./drawing/graph-drawing";
import { hoverPlace } from "./drawing/hover-place";
import type { SceneElement } from "./drawing/scene";
import { Tooltip } from "./drawing/tooltip";
import { exportDrawing, type Format } from "./export/export-drawing";
import type { FlowDirection } from "./model/labels";
import type { ShownGraph } from "./model/shown-graph";
import { allModules, MAX_VISIBLE } from "./model/visible-graph";
import { GraphNavigator } from "./navigator";
import { DetailsPanel } from "./panels/details-panel";
import { HelpPanel } from "./panels/help-panel";
import { detailsOf } from "./panels/node-details";
import { PassSliders } from "./panels/pass-sliders";
import { Toolbar, type ToolbarActions } from "./panels/toolbar";
import type { StageActions } from "./stage-events";
import type { DrawnRepeat } from "./structure/collapsed-graph";
import type { GraphViewState } from "./view-state";

const ZOOM_FACTOR = 1.3;

/** Selects nodes and calls in all views, by their ids in the drawing. */
export interface SelectionActions {
  /** Null selects none. */
  select(id: string | null): void;
  /** Takes the selection back if it is this one. */
  deselect(id: string): void;
  /** Moves what is selected into view. */
  reveal(): void;
  /** Returns the box that is selected; null without one. */
  selectedBox(): string | null;
}

export class GraphInteraction {
  readonly toolbar: Toolbar;
  readonly note: SelectionNote;
  readonly details: DetailsPanel;
  readonly tooltip: Tooltip;
  readonly navigator: GraphNavigator;
  readonly help = new HelpPanel();
  readonly sliders = new PassSliders((repeat, pass) => this.showPass(repeat, pass));
  private hovered: { readonly element: SceneElement; readonly group: SVGGElement } | null = null;

  constructor(
    private readonly state: GraphViewState,
    private readonly drawing: GraphDrawing,
    private readonly colouring: NodeColouring,
    session: RunSession,
    private readonly selection: SelectionActions,
  ) {
    const { embedded } = state;
    this.note = new SelectionNote(session);
    const legend = colouring.legend.element;
    this.toolbar = new Toolbar(this.toolbarActions(), legend, this.note.element, { embedded });
    this.details = new DetailsPanel(
      (name) => session.inspect(name),
      () => this.toolbar.setDetailsPressed(false),
    );
    this.tooltip = new Tooltip(drawing.stage);
    this.navigator = new GraphNavigator({
      scene: drawing.scene,
      viewport: drawing.viewport,
      shown: () => state.shown,
      edges: () => drawing.layout?.visible.edges ?? [],
      showInPasses: async (choices, id) => {
        const open = state.showInPasses(choices, id, drawing.requestedOpen);
        if (open) await this.draw({ open });
        return open !== null;
      },
      showMessage: (message) => this.toolbar.showMessage(message),
    });
  }

  /** Draws the current graph, if there is one. */
  async draw(options: DrawOptions): Promise<void> {
    const { shown } = this.state;
    if (!shown) return;
    this.state.saveOpen(options.open);
    await this.drawing.draw(shown, options);
  }

  /** Returns the actions of clicks, keys and hovering on the stage. */
  stageActions(): StageActions {
    const { scene, viewport } = this.drawing;
    return {
      toggle: (id) => this.toggle(id),
      follow: (id) => this.follow(id),
      hover: (element, group) => this.hover(element, group),
      unhover: () => this.unhover(),
      escape: () => {
        this.details.close();
        this.help.hide();
      },
      focus: (element) => {
        const rect = element.type === "item" && scene.rect(element.item.id);
        if (rect) viewport.reveal(rect);
      },
      dragging: () => viewport.dragged,
    };
  }

  /** Updates the tooltip and the details after a change of the numbers. */
  refresh(): void {
    if (this.hovered) this.hover(this.hovered.element, this.hovered.group);
    const id = this.details.shownId;
    const element = id === null ? null : this.drawing.scene.element(id);
    if (element) this.showDetails(element);
  }

  unhover(): void {
    this.hovered = null;
    this.tooltip.hide();
  }

  private toolbarActions(): ToolbarActions {
    const { state, drawing } = this;
    const unfold = async (open: (shown: ShownGraph) => ReadonlySet<string>) => {
      drawing.fitsWhole = false;
      if (state.shown) await this.draw({ open: open(state.shown), fit: true });
      this.selection.reveal();
    };
    return {
      fit: () => drawing.fitWhole(state.shown),
      zoomIn: () => drawing.viewport.zoom(ZOOM_FACTOR),
      zoomOut: () => drawing.viewport.zoom(1 / ZOOM_FACTOR),
      foldAll: () => unfold((shown) => shown.initiallyOpen()),
      unfoldAll: () => unfold((shown) => allModules(shown.graph)),
      cancel: () => drawing.cancel(),
      find: (query) => this.navigator.find(query),
      showFlow: (flow) => this.showFlow(flow),
      details: () => this.toggleDetails(),
      copy: (format) => this.copy(format),
      help: () => this.help.toggle(),
    };
  }

  private toggle(id: string): void {
    const { shown } = this.state;
    if (!shown) return;
    const { open, excessive } = this.state.toggle(shown, id, this.drawing.requestedOpen);
    if (open) {
      const element = this.details.isOpen ? this.drawing.scene.element(id) : undefined;
      if (element) this.showDetails(element);
      if (open.has(id)) this.selection.select(id);
      else this.selection.deselect(id);
      this.draw({ open, anchor: id });
      return;
    }
    const name = shown.moduleNameOf(id);
    this.toolbar.showMessage(
      `${name} stays folded: the graph would have ${excessive} boxes; at most ${MAX_VISIBLE} are drawn.`,
    );
  }

  private async showPass(repeat: DrawnRepeat, pass: number | "all"): Promise<void> {
    const { shown } = this.state;
    if (!shown) return;
    const { requestedOpen } = this.drawing;
    const { open, excessive } = this.state.showPass(shown, repeat, pass, requestedOpen);
    if (open) {
      const anchor = repeat.pass === null ? repeat.key : repeat.box;
      await this.draw({ open, anchor });
      return;
    }
    const limit = `at most ${MAX_VISIBLE} are drawn`;
    this.toolbar.showMessage(
      `All passes would be ${excessive} boxes; ${limit}. Fold other modules first.`,
    );
  }

  private showFlow(flow: FlowDirection): void {
    this.state.showFlow(flow);
    this.draw({ open: this.drawing.requestedOpen });
  }

  /** Highlights what is connected with a box, and shows its details; null removes the highlight. */
  private follow(id: string | null): void {
    const { scene, viewport } = this.drawing;
    const isFollowed = this.navigator.toggleFollow(id);
    this.selection.select(isFollowed ? id : null);
    const element = id === null ? undefined : scene.element(id);
    if (!element || this.state.embedded) return;
    this.showDetails(element);
    const rect = id === null ? undefined : scene.rect(id);
    if (rect) viewport.reveal(rect);
  }

  private hover(element: SceneElement, group: SVGGElement): void {
    const { shown } = this.state;
    if (!shown || this.drawing.viewport.dragging) return;
    this.hovered = { element, group };
    const { scene, viewport, layout, stage } = this.drawing;
    const edges = layout?.visible.edges ?? [];
    const { target, obstacles } = hoverPlace(element, group, scene, viewport, edges, stage);
    this.tooltip.show(this.factsOf(element, shown, false), target, obstacles);
  }

  /** Opens the details panel for the selected box, or closes it. */
  private toggleDetails(): void {
    const id = this.selection.selectedBox();
    if (this.details.isOpen) this.details.close();
    else this.showDetails((id !== null && this.drawing.scene.element(id)) || null);
    this.selection.reveal();
  }

  /** Opens the details panel for a box; null shows a hint. */
  private showDetails(element: SceneElement | null): void {
    const { shown } = this.state;
    const edges = this.drawing.layout?.visible.edges ?? [];
    this.toolbar.setDetailsPressed(true);
    this.details.show(
      element && shown
        ? detailsOf(element, shown, edges, this.factsOf(element, shown, true))
        : null,
    );
  }

  private factsOf(element: SceneElement, shown: ShownGraph, all: boolean) {
    const { labels } = shown;
    const facts =
      element.type === "item"
        ? labels.factsOfItem(element.item)
        : labels.factsOfModule(element.container.module);
    return [...facts, ...this.colouring.facts(element, all)];
  }

  private async copy(format: Format): Promise<void> {
    const { layout, scene, stage } = this.drawing;
    const { shown } = this.state;
    if (!layout || !shown) return;
    this.toolbar.showMessage(await exportDrawing(format, layout, shown.labels, scene, stage));
  }
}
