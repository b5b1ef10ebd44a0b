/** The layers view: a table of the modules with what they cost, and what was recorded last. */

import { revisionOf } from "../../heat-map/rows";
import type { TableKind } from "../../messages/tables";
import type { ModuleFacts } from "../../messages/tuning";
import { CursorNote } from "../../parts/cursor-note";
import { formatCount } from "../../parts/format";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import {
  innermostAround,
  isWithin,
  namesMarkedBy,
  pathOf,
  toggleSelection,
} from "../../parts/selection";
import { SelectionNote } from "../../parts/selection-note";
import { nextSorting } from "../../parts/sorting";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView, RunSession } from "../../session";
import { columnsFor } from "./columns";
import { Folding } from "./folding";
import { type Layer, type LayerTree, layersKey, layersOf } from "./layers";
import { NO_READING, type Reading, readingsOf } from "./readings";
import { type Sorting, sortedRows, sortingAsText, sortingFromText } from "./sorting";
import { Structures } from "./structures";
import { LayersTable } from "./table";
import { LayersToolbar } from "./toolbar";

const KINDS: readonly TableKind[] = [
  "grad_norm",
  "weight_norm",
  "update_ratio",
  "act_dead",
  "act_saturated",
];

export const drawLayers: DrawView = (root, session) => {
  const view = new LayersView(root, session);
  return () => view.close();
};

class LayersView {
  private readonly table: LayersTable;
  private readonly toolbar: LayersToolbar;
  private readonly cursor: CursorNote;
  private readonly selection: SelectionNote;
  private readonly empty = new EmptyMessage();
  private readonly settings: ViewSettings;
  private readonly live: LiveDrawing;
  private readonly resizes: ResizeObserver;
  private readonly folding: Folding;
  private readonly structures: Structures;
  private sorting: Sorting;
  private tree: LayerTree | null = null;
  private treeKey: readonly unknown[] = [];
  /** What the kernel has sent of the modules; it sends nothing when the run has ended. */
  private modules: readonly ModuleFacts[] = [];
  /** The order in which the rows were drawn last. */
  private order: readonly Layer[] = [];
  /** Whether the order is that of another sorting, selection or tree. */
  private isOrderOld = true;
  /** The selection to which the table has scrolled. */
  private revealed: string | null = null;
  private revision = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    this.settings = new ViewSettings(session.runId);
    this.folding = new Folding(this.settings);
    this.sorting = sortingFromText(this.settings.get("layers sorting"));
    this.structures = new Structures(session, () => this.live.now());
    this.cursor = new CursorNote(session);
    this.selection = new SelectionNote(session);
    this.table = new LayersTable({
      sort: (column) => {
        this.sorting = nextSorting(this.sorting, column);
        this.settings.set("layers sorting", sortingAsText(this.sorting));
        this.rearrange();
      },
      toggle: (path) => this.toggle(path),
      select: (path) => toggleSelection(session, path),
    });
    this.toolbar = new LayersToolbar(
      (isOpen) => {
        this.folding.setAll(isOpen);
        this.rearrange();
      },
      this.selection.element,
      this.cursor.element,
    );
    root.classList.add("labkit-layers");
    root.dataset.labkitView = "layers";
    root.replaceChildren(this.toolbar.element, this.table.element, this.empty.element);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "complete frames");
    this.resizes = new ResizeObserver(() => this.live.now());
    this.resizes.observe(this.table.element);
    this.draw(false);
  }

  close(): void {
    this.live.close();
    this.resizes.disconnect();
    this.root.replaceChildren();
  }

  private draw(isLive: boolean): void {
    const { session } = this;
    const isNewTree = this.updateTree();
    const revision = `${revisionOf(session, KINDS)}\n${session.cursor}`;
    if (isLive && !isNewTree && revision === this.revision) return;
    this.revision = revision;
    this.cursor.update();
    this.selection.update();
    const { tree } = this;
    const isFilled = tree !== null && (tree.byPath.size > 0 || tree.model.trainable !== null);
    this.empty.show(isFilled ? null : emptyMessage(session));
    this.table.element.hidden = !isFilled;
    this.toolbar.element.hidden = !isFilled;
    if (!isFilled) return;
    this.drawTable(tree, isLive);
    this.root.dataset.labkitStep = String(session.state?.step ?? 0);
  }

  /** Returns the steps of the costs and of the recorded values. */
  private describe(): string {
    const { graph, tables, cursor } = this.session;
    const recorded = tables.filter(({ kind }) => KINDS.includes(kind));
    const last = Math.max(-1, ...recorded.map(({ lastStep }) => lastStep));
    const facts = [
      typeof graph?.step === "number" ? `costs of step ${formatCount(graph.step)}` : "",
      last < 0 ? "" : `values of step ${formatCount(cursor ?? last)}`,
    ];
    return facts.filter(Boolean).join(" · ");
  }

  /** Reads the modules if they have changed; returns whether they have. */
  private updateTree(): boolean {
    const { graphs } = this.structures;
    const { modules } = this.session.tuning;
    if (modules.length > 0) this.modules = modules;
    const key = layersKey(this.session, graphs, this.modules);
    if (key.every((part, place) => part === this.treeKey[place])) return false;
    this.treeKey = key;
    this.tree = layersOf(this.session, graphs, this.modules);
    this.structures.complete(this.tree);
    this.isOrderOld = true;
    return true;
  }

  private drawTable(tree: LayerTree, isLive: boolean): void {
    const { selected } = this.session;
    this.folding.use(tree);
    const isNewSelection = selected !== this.revealed && this.table.element.clientWidth > 0;
    if (isNewSelection && selected !== null) {
      this.folding.unfoldAround(selected);
      this.isOrderOld = true;
    }
    const readings = readingsOf(this.session, tree.tied);
    const rows = this.arrange(tree, readings, isLive);
    const isNested = tree.model.children.some(({ children }) => children.length > 0);
    this.toolbar.update(isNested, this.sorting === null, this.describe());
    const marked = this.markedRows(rows, selected);
    const facts = rows.map((layer) => [layer, readings.get(layer.path) ?? NO_READING] as const);
    this.table.draw({
      rows,
      model: tree.model,
      modules: tree.byPath.size,
      columns: columnsFor(this.table.element.clientWidth, facts),
      readings,
      sorting: this.sorting,
      marked,
      isOpen: (layer) => this.folding.isOpen(layer),
    });
    if (!isNewSelection) return;
    this.revealed = selected;
    const [first] = marked;
    if (first !== undefined) this.table.reveal(first);
  }

  /** Returns the rows in order. While the table is in use, a live change moves none. */
  private arrange(
    tree: LayerTree,
    readings: ReadonlyMap<string, Reading>,
    isLive: boolean,
  ): readonly Layer[] {
    if (isLive && !this.isOrderOld && this.table.isInUse) return this.order;
    this.isOrderOld = false;
    this.order = this.sorting ? sortedRows(tree, readings, this.sorting) : this.folding.rows();
    return this.order;
  }

  /** In a tree only the row of the module itself is marked, or of the innermost one around it. */
  private markedRows(rows: readonly Layer[], selected: string | null): ReadonlySet<string> {
    const paths = rows.map(({ path }) => path);
    if (selected === null || this.sorting) return namesMarkedBy(paths, selected);
    const path = pathOf(selected);
    const found = path === "" || paths.includes(path) ? path : innermostAround(paths, path);
    return new Set(found === null ? [] : [found]);
  }

  private toggle(path: string): void {
    this.folding.toggle(path);
    const { selected } = this.session;
    // Otherwise the selected row would be unfolded again.
    if (selected !== null && isWithin(pathOf(selected), path)) this.revealed = selected;
    this.rearrange();
  }

  private rearrange(): void {
    this.isOrderOld = true;
    this.live.now();
  }
}
