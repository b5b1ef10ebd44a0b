/** The runs of a folder: a table that follows the folder, and a comparison of the marked ones. */

import { make, setText } from "../../parts/element";
import { RedrawScheduler } from "../../parts/redraw-scheduler";
import { nextSorting, type Sorting, sortedBy } from "../../parts/sorting";
import { ViewSettings } from "../../parts/view-settings";
import type { MessageRecorder } from "../../transport/message-recorder";
import { columnsOf, NAME_COLUMN, type RunColumn, settingsOf } from "./columns";
import { ComparisonPlace, type DrawComparison } from "./comparison-place";
import { filtered } from "./filtering";
import type { RunEntry } from "./run-entry";
import { type FolderContent, RunsClient, type RunsModel } from "./runs-client";
import { SameSettings } from "./same-settings";
import { RunsTable } from "./table";
import { RunsToolbar } from "./toolbar";

const EXPLANATION =
  "The runs whose files are in the folder. New files appear, and runs that are going on are " +
  "followed.";
const MARKED = "runs marked";
const SORTING = "runs sorting";

/** Draws the runs of a folder into an element; returns its clean-up. */
export function drawRuns(
  root: HTMLElement,
  model: RunsModel,
  messages: MessageRecorder,
  drawComparison: DrawComparison,
): () => void {
  const view = new RunsView(root, model, messages, drawComparison);
  return () => view.close();
}

class RunsView {
  private content: FolderContent | null = null;
  private settings = new ViewSettings("");
  private marked = new Set<string>();
  private sorting: Sorting<RunColumn> = null;
  private columns: readonly RunColumn[] = [];
  private toolbar: RunsToolbar | null = null;
  private readonly title = make("h3", { class: "labkit-title", title: EXPLANATION }, "Runs");
  private readonly problem = make("p", { class: "labkit-message", role: "status" });
  private readonly incomplete = make("p", { class: "labkit-message" });
  private readonly empty = make("p", { class: "labkit-empty" }, "Waiting for the runs");
  private readonly controls = make("div");
  private readonly table: RunsTable;
  private readonly same = new SameSettings();
  private readonly comparison: ComparisonPlace;
  private readonly redraw: RedrawScheduler;
  private readonly client: RunsClient;

  constructor(
    private readonly root: HTMLElement,
    model: RunsModel,
    messages: MessageRecorder,
    drawComparison: DrawComparison,
  ) {
    root.classList.add("labkit-panel", "labkit-runs");
    root.dataset.labkitView = "runs";
    this.table = new RunsTable({
      sort: (column) => this.sort(column),
      mark: (key, isMarked) => this.mark(key, isMarked),
      left: () => this.redraw.later(),
    });
    this.comparison = new ComparisonPlace(drawComparison, () => this.client.compare([]));
    this.table.element.hidden = true;
    this.same.element.hidden = true;
    root.replaceChildren(
      this.title,
      this.incomplete,
      this.controls,
      this.problem,
      this.empty,
      this.table.element,
      this.same.element,
      this.comparison.element,
    );
    this.redraw = new RedrawScheduler(root, (isLive) => this.draw(isLive));
    this.client = new RunsClient(model, messages, {
      runs: (content) => this.load(content),
      compared: (message) => {
        setText(this.problem, "");
        void this.comparison.show(message);
      },
      problem: (text) => setText(this.problem, text ?? ""),
      refused: (text) => setText(this.problem, text),
    });
    this.client.open();
  }

  close(): void {
    this.client.close();
    this.redraw.close();
    this.comparison.clear();
    this.root.replaceChildren();
  }

  private load(content: FolderContent): void {
    const isFirst = this.content === null;
    this.content = content;
    this.table.keepOnly(content.runs);
    if (!isFirst) {
      this.redraw.later();
      return;
    }
    this.restore(content);
    this.draw(false);
  }

  /** Restores the settings of an earlier view of the folder on this page. */
  private restore({ folder, runs }: FolderContent): void {
    this.settings = new ViewSettings(`runs ${folder}`);
    this.marked = new Set(JSON.parse(this.settings.get(MARKED) ?? "[]") as string[]);
    const [id, isDescending] = JSON.parse(this.settings.get(SORTING) ?? "[null, false]");
    const all = [...runs.values()];
    const columns = [NAME_COLUMN, ...columnsOf(all, [...settingsOf(all).keys()])];
    const column = columns.find((each) => each.id === id);
    this.sorting = column ? { column, isDescending } : null;
    this.toolbar = new RunsToolbar(this.settings, {
      changed: () => this.redraw.now(),
      compare: () => this.compare(),
      unmark: () => this.unmark(),
    });
    this.controls.replaceChildren(this.toolbar.element);
  }

  private sort(column: RunColumn): void {
    this.sorting = nextSorting(this.sorting, this.sortedBefore(column), column.isNumber);
    const saved = this.sorting && [this.sorting.column.id, this.sorting.isDescending];
    this.settings.set(SORTING, saved && JSON.stringify(saved));
    this.redraw.now();
  }

  /** Returns the column that sorts at present if it is the same one, made for other runs. */
  private sortedBefore(column: RunColumn): RunColumn {
    return this.sorting?.column.id === column.id ? this.sorting.column : column;
  }

  private mark(key: string, isMarked: boolean): void {
    if (isMarked) this.marked.add(key);
    else this.marked.delete(key);
    this.saveMarks();
  }

  private unmark(): void {
    this.marked.clear();
    this.saveMarks();
  }

  private saveMarks(): void {
    this.settings.set(MARKED, JSON.stringify([...this.marked]));
    this.redraw.now();
  }

  private compare(): void {
    setText(this.problem, "Reading the runs");
    this.client.compare(this.compared);
  }

  /** The keys of the marked runs that are there, in the order of the table. */
  private get compared(): readonly string[] {
    const shown = this.table.order.filter((key) => this.marked.has(key));
    const others = [...this.marked].filter((key) => !shown.includes(key));
    return [...shown, ...others].filter((key) => this.content?.runs.get(key)?.error === null);
  }

  private draw(isLive: boolean): void {
    const { content, toolbar } = this;
    if (!content || !toolbar) return;
    const all = [...content.runs.values()];
    const settings = [...settingsOf(all)];
    const hidden = toolbar.showsOnlyDiffering ? settings.filter(([, differs]) => !differs) : [];
    const shown = settings.filter((each) => !hidden.includes(each)).map(([name]) => name);
    this.columns = columnsOf(all, shown);
    const found = filtered(all, toolbar.text);
    this.table.draw({
      runs: isLive && this.table.isInUse ? this.inPlace(found) : this.sorted(found),
      columns: this.columns,
      sorting: this.sorting,
      marked: this.marked,
    });
    toolbar.update(found.length, all.length, this.compared.length);
    this.same.update(
      all,
      hidden.map(([name]) => name),
    );
    setText(this.title, `Runs in ${content.folder}`);
    setText(this.incomplete, content.problem ?? "");
    this.table.element.hidden = all.length === 0;
    this.empty.hidden = found.length > 0;
    setText(this.empty, all.length === 0 ? emptyText(content.folder) : "No run matches.");
    this.root.dataset.labkitStep = String(Math.max(0, ...all.map(({ steps }) => steps ?? 0)));
  }

  private sorted(runs: readonly RunEntry[]): readonly RunEntry[] {
    if (!this.sorting) return sortedBy(runs, ({ started }) => started, true);
    const { column, isDescending } = this.sorting;
    const present = [NAME_COLUMN, ...this.columns].find(({ id }) => id === column.id) ?? column;
    return sortedBy(runs, (run) => present.value(run), isDescending);
  }

  /** Returns runs in the order that the table has, with new ones at its end. */
  private inPlace(runs: readonly RunEntry[]): readonly RunEntry[] {
    const places = new Map(this.table.order.map((key, place) => [key, place]));
    return sortedBy(runs, ({ key }) => places.get(key) ?? null, false);
  }
}

function emptyText(folder: string): string {
  return `There is no run in ${folder} yet. lk.watch(model, save="…") writes one.`;
}
