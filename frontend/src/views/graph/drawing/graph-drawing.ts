/**
 * The drawing on the stage: requests a layout, draws it, and reports failures.
 *
 * A layout is requested for a new structure, if modules are opened or closed, and for another shape of
 * the stage.
 */

import type { RunGraphviz } from "../layout/compose";
import type { RankDirection } from "../layout/dot";
import { directionFor, type GraphLayout, layOutGraph, suits } from "../layout/graph-layout";
import { LayoutClient, LayoutFailure, type LayoutWorker } from "../layout/layout-client";
import { LevelCache } from "../layout/level-cache";
import { TextMeasure } from "../layout/measure";
import { type Rect, shifted } from "../layout/placement";
import type { ShownGraph } from "../model/shown-graph";
import { MAX_VISIBLE, visibleGraph } from "../model/visible-graph";
import { activeElement, html, svg } from "./elements";
import { drawModuleList } from "./module-list";
import { Scene } from "./scene";
import { StageHeight } from "./stage-height";
import { Viewport } from "./viewport";

/** Time after which a pending layout is reported, with a Cancel button. */
const SLOW_LAYOUT_MS = 300;

let drawings = 0;

/** Options of a drawing. */
export interface DrawOptions {
  readonly open: ReadonlySet<string>;
  /** Id of a module whose box does not move on the screen, and from which new boxes emerge. */
  readonly anchor?: string;
  /** Id of a box that does not move, while others are added and removed. */
  readonly fixed?: string;
  readonly fit?: boolean;
}

/** Receives the events of a drawing. */
export interface DrawingListener {
  /** A new layout was drawn. */
  onDrawn(shown: ShownGraph): void;
  /** The drawing was removed. */
  onCleared(): void;
  onMoved(): void;
  onMessage(text: string): void;
  onBusy(offerCancel: boolean): void;
}

export class GraphDrawing {
  readonly stage = html("div", { class: "labkit-graph-stage" });
  readonly scene: Scene;
  readonly viewport: Viewport;
  layout: GraphLayout | null = null;
  /** The modules that are open, or that the pending layout opens. */
  requestedOpen: ReadonlySet<string> = new Set();
  private drawnOpen: ReadonlySet<string> = new Set();
  private attempt = 0;
  /** Whether the complete layout is fitted into the stage, at any scale. */
  fitsWhole = false;
  private readonly sheet = svg("svg", { role: "group", width: "100%", height: "100%" });
  private readonly notice = html("div", { class: "labkit-graph-notice" });
  readonly height = new StageHeight(this.stage);
  private readonly layoutClient: LayoutClient;
  private readonly levelCache = new LevelCache();

  constructor(
    private readonly listener: DrawingListener,
    makeWorker: () => Promise<LayoutWorker>,
  ) {
    drawings += 1;
    // Disables JupyterLab's keyboard shortcuts (A adds a cell) while a box has the focus.
    this.stage.setAttribute("data-lm-suppress-shortcuts", "true");
    this.scene = new Scene(`labkit-graph-arrow-${drawings}`);
    this.sheet.append(this.scene.arrowDefinition, this.scene.world);
    this.stage.append(this.sheet, this.notice);
    this.layoutClient = new LayoutClient(makeWorker);
    this.viewport = new Viewport(this.stage, this.scene.world, () => listener.onMoved());
  }

  describe(text: string): void {
    this.sheet.setAttribute("aria-label", text);
  }

  close(): void {
    this.attempt += 1;
    this.viewport.close();
    this.layoutClient.close();
  }

  cancel(): void {
    this.layoutClient.cancel();
  }

  /** Requests a layout with the modules `options.open` open, and draws it. */
  async draw(shown: ShownGraph, options: DrawOptions): Promise<void> {
    this.attempt += 1;
    const { attempt } = this;
    this.requestedOpen = options.open;
    if (shown.excessiveCount(options.open) !== null) {
      const limit = `more than ${MAX_VISIBLE} boxes outside its modules`;
      this.showModuleList(shown, `The graph is too large to lay out: ${limit}.`, false);
      return;
    }
    const timer = setTimeout(() => this.listener.onBusy(true), SLOW_LAYOUT_MS);
    try {
      const measure = new TextMeasure(getComputedStyle(this.stage).fontFamily || "sans-serif");
      const layout = await layOutGraph(
        visibleGraph(shown.graph, options.open),
        shown.labels,
        measure,
        this.graphvizFor(attempt),
        this.directionNow(),
        this.stage.clientWidth,
      );
      if (attempt !== this.attempt) return;
      // The stage may have got its size, or another one, in the meantime.
      if (this.isSuited(layout)) this.showLayout(shown, layout, options);
      else await this.draw(shown, options);
    } catch (error) {
      if (attempt === this.attempt) this.handleFailure(shown, error);
    } finally {
      clearTimeout(timer);
      if (attempt === this.attempt) this.listener.onBusy(false);
    }
  }

  /** Returns a function that lays out the levels of an attempt. */
  private graphvizFor(attempt: number): RunGraphviz {
    return (dot) => {
      if (attempt !== this.attempt)
        return Promise.reject(new LayoutFailure("cancelled", "another picture was asked for"));
      return this.levelCache.get(dot, (source) => this.layoutClient.layout(source));
    };
  }

  /** Fits the complete layout into the stage, at any scale. */
  fitWhole(shown: ShownGraph | null): void {
    this.fitsWhole = true;
    this.refit(shown, true);
  }

  /** Fits the layout; requests a new one if the stage has another shape than it was made for. */
  refit(shown: ShownGraph | null, moving: boolean): void {
    if (!shown || !this.layout) return;
    if (this.isSuited(this.layout)) this.fit(moving);
    else this.draw(shown, { open: this.requestedOpen, fit: true });
  }

  /** Whether the layout was made for a stage of this shape. */
  get suitsStage(): boolean {
    return this.layout !== null && this.isSuited(this.layout);
  }

  /** Returns the accepted box that is nearest to the centre of the visible part. */
  nearest(accepts: (id: string) => boolean): string | undefined {
    const seen = this.viewport.visibleRect();
    const middle = { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
    let best: { readonly id: string; readonly distance: number } | undefined;
    for (const [, element] of this.scene.elements) {
      if (element.type !== "item" || !accepts(element.item.id)) continue;
      const rect = this.scene.rect(element.item.id);
      if (!rect) continue;
      const [x, y] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
      const distance = Math.hypot(x - middle.x, y - middle.y);
      if (!best || distance < best.distance) best = { id: element.item.id, distance };
    }
    return best?.id;
  }

  /** Displays a text instead of a drawing. */
  showText(text: string): void {
    this.clear();
    if (this.notice.textContent !== text) this.notice.replaceChildren(html("p", {}, text));
  }

  private showLayout(shown: ShownGraph, layout: GraphLayout, options: DrawOptions): void {
    const fixedId = options.anchor ?? options.fixed;
    const old = fixedId === undefined ? undefined : this.scene.rect(fixedId);
    const placed = fixedId === undefined ? undefined : layout.placement.boxes.get(fixedId);
    const placement =
      old && placed
        ? shifted(layout.placement, old.x - placed.x, old.y - placed.y)
        : layout.placement;
    const focused = this.scene.world.contains(activeElement(this.stage));
    const first = this.layout === null;
    this.notice.replaceChildren();
    const origin = originOf(old, options, this.drawnOpen);
    this.scene.flow = shown.flow;
    this.scene.show(layout.visible, placement, layout.sizes, shown.labels, origin);
    this.layout = { ...layout, placement };
    this.drawnOpen = options.open;
    this.height.fit(placement.bounds, !(options.fit || first));
    if (options.fit || first) this.fit(!first);
    else if (options.anchor !== undefined) this.keepInView(options.anchor);
    if (focused && options.anchor !== undefined)
      this.scene.focusTarget(options.anchor)?.focus({ preventScroll: true });
    this.listener.onDrawn(shown);
  }

  /** Preserves the visible part that the user has chosen, unless the box is outside of it. */
  private keepInView(id: string): void {
    const rect = this.scene.rect(id);
    this.viewport.changedByUser = true;
    if (rect && !this.viewport.isInView(rect)) this.viewport.reveal(rect);
  }

  private handleFailure(shown: ShownGraph, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.layout) {
      this.showModuleList(shown, `The graph is not laid out: ${reason}.`, true);
      return;
    }
    this.requestedOpen = this.drawnOpen;
    this.listener.onMessage(`The picture stays as it was: ${reason}.`);
  }

  private fit(moving: boolean): void {
    if (this.layout) this.viewport.fit(this.layout.placement.bounds, !this.fitsWhole, moving);
  }

  /** Whether the stage has the shape that a layout was made for, or is not displayed. */
  private isSuited(layout: GraphLayout): boolean {
    const { clientWidth, clientHeight } = this.stage;
    return clientWidth === 0 || suits(layout, clientWidth, clientHeight);
  }

  private directionNow(): RankDirection {
    return directionFor(this.stage.clientWidth, this.stage.clientHeight);
  }

  /** Displays the modules as a list, if there is no layout. */
  private showModuleList(shown: ShownGraph, reason: string, retry: boolean): void {
    const { graph, labels } = shown;
    this.clear();
    this.listener.onMessage("");
    const again = html("button", { type: "button" }, "Lay out again");
    again.addEventListener("click", () =>
      this.draw(shown, { open: this.requestedOpen, fit: true }),
    );
    const text = graph.modules.length
      ? `${reason} Here is the list of its modules instead.`
      : reason;
    const list = drawModuleList(graph, labels);
    this.notice.replaceChildren(html("p", {}, text), ...(retry ? [again] : []), list);
  }

  private clear(): void {
    this.scene.clear();
    this.layout = null;
    this.listener.onCleared();
  }
}

/** Returns the box from which new boxes emerge: that of the module opened last. */
function originOf(
  old: Rect | undefined,
  options: DrawOptions,
  open: ReadonlySet<string>,
): Rect | null {
  const opened = options.anchor !== undefined && !open.has(options.anchor);
  return opened && old ? old : null;
}
