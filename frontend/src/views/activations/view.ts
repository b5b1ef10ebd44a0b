/** The activations view: quantities of all modules over steps, and pictures of one module. */

import { HeatMap } from "../../heat-map/heat-map";
import { markedKind, markIn } from "../../heat-map/marks";
import { type Row, revisionOf, rowsOf } from "../../heat-map/rows";
import { DecadeScale } from "../../heat-map/scale";
import { CursorNote } from "../../parts/cursor-note";
import { make } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { SelectionNote } from "../../parts/selection-note";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView, RunSession, SeriesTable } from "../../session";
import { PictureView } from "./picture-view";
import { type ActivationKind, QUANTITIES } from "./quantities";

const NO_ACTIVATIONS =
  "No activations have been read: the model is compiled, or this run was watched without them.";

/** Part of the height that the heat map takes if the picture is below it. */
const SHARE_ABOVE_PICTURE = 0.45;

const KINDS = QUANTITIES.map(({ kind }) => kind);

export const drawActivations: DrawView = (root, session) => {
  const view = new ActivationsView(root, session);
  return () => view.close();
};

class ActivationsView {
  private readonly select = make("select", { "aria-label": "Quantity" });
  private readonly cursor: CursorNote;
  private readonly selection: SelectionNote;
  private readonly heat: HeatMap;
  private readonly picture: PictureView;
  private readonly empty = new EmptyMessage();
  private readonly live: LiveDrawing;
  private readonly settings: ViewSettings;
  private readonly resizes: ResizeObserver;
  private cursorMoved = false;
  /** The selection for which a quantity was chosen. */
  private followed: string | null = null;
  /** The revision of the data that were drawn. */
  private revision = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    const changed = () => this.live.now();
    this.cursor = new CursorNote(session);
    this.selection = new SelectionNote(session);
    this.picture = new PictureView(session);
    this.heat = new HeatMap(session, scaleOf, changed, () => this.shareOfHeatMap());
    this.settings = new ViewSettings(session.runId);
    this.settings.saveOnChange(this.select, "activations quantity");
    this.select.addEventListener("change", changed);
    const notes = make(
      "div",
      { class: "labkit-notes" },
      this.selection.element,
      this.cursor.element,
    );
    root.classList.add("labkit-activations");
    root.dataset.labkitView = "activations";
    root.replaceChildren(
      make("div", { class: "labkit-toolbar" }, this.select, notes),
      make(
        "div",
        { class: "labkit-activations-parts" },
        make("div", { class: "labkit-stage" }, this.heat.element, this.empty.element),
        this.picture.element,
      ),
    );
    this.live = new LiveDrawing(
      root,
      session,
      (isLive) => this.draw(isLive),
      "complete frames",
      (change) => {
        this.cursorMoved = this.cursorMoved || change === "cursor";
      },
    );
    // The picture arrives later than the heat map, which leaves it room from then on.
    this.resizes = new ResizeObserver(changed);
    this.resizes.observe(this.picture.element);
    this.draw(false);
  }

  close(): void {
    this.resizes.disconnect();
    this.live.close();
    this.heat.close();
    this.picture.close();
    this.root.replaceChildren();
  }

  /** Returns the part of the height for the heat map: less if the picture is below it. */
  private shareOfHeatMap(): number {
    const picture = this.picture.element.getBoundingClientRect();
    const isBelow = picture.top >= this.heat.element.getBoundingClientRect().bottom;
    return isBelow && picture.height > 0 ? SHARE_ABOVE_PICTURE : 1;
  }

  private draw(isLive: boolean): void {
    const revision = `${revisionOf(this.session, KINDS)}\n${this.session.state?.pictures} ${this.session.pushed}`;
    if (isLive && revision === this.revision) return;
    this.revision = revision;
    const present = QUANTITIES.filter(({ kind }) => this.rows(kind).length > 0);
    this.offer(present.map(({ kind }) => kind));
    this.chooseMarked(present.map(({ kind }) => kind));
    this.cursor.update();
    this.selection.update();
    const quantity = present.find(({ kind }) => kind === this.select.value) ?? present[0];
    this.heat.element.hidden = !quantity;
    const complete = (this.session.state?.step ?? 0) > 0 && !this.session.isLoading;
    this.empty.show(quantity ? null : complete ? NO_ACTIVATIONS : emptyMessage(this.session));
    this.picture.follow(this.session.selected);
    this.picture.update(this.live.theme, this.cursorMoved);
    this.cursorMoved = false;
    if (!quantity) return;
    this.select.title = quantity.explanation;
    const rows = this.rows(quantity.kind);
    const mark = markIn(quantity.kind, this.session.mark);
    this.heat.draw(rows, quantity.name, this.live.theme, mark);
    const last = Math.max(...rows.map(({ table }) => table.lastStep));
    this.root.dataset.labkitStep = String(last);
  }

  /** Chooses a quantity of the marked finding, when one of its modules was selected. */
  private chooseMarked(present: readonly ActivationKind[]): void {
    const { selected, mark } = this.session;
    if (selected === this.followed) return;
    this.followed = selected;
    const chosen = present.find((kind) => kind === this.select.value);
    if (selected === null || (chosen && markIn(chosen, mark))) return;
    const marked = markedKind(present, mark);
    if (marked === null) return;
    this.select.value = marked;
    this.settings.set("activations quantity", marked);
  }

  /** Returns the modules with values of a quantity; not every module can die or saturate. */
  private rows(kind: ActivationKind): readonly Row[] {
    const values = new Map<SeriesTable, Float32Array | null>();
    for (const table of this.session.tables) {
      if (table.kind === kind) values.set(table, table.latest());
    }
    return rowsOf(this.session, kind).filter(({ table, column }) => {
      const newest = values.get(table)?.[column];
      return newest !== undefined && (kind === "act_mean" || !Number.isNaN(newest));
    });
  }

  private offer(kinds: readonly ActivationKind[]): void {
    const key = kinds.join(" ");
    this.select.hidden = kinds.length === 0;
    if (key === this.select.dataset.offered) return;
    this.select.dataset.offered = key;
    const chosen = this.select.value;
    const offered = QUANTITIES.filter(({ kind }) => kinds.includes(kind));
    this.select.replaceChildren(
      ...offered.map(({ kind, name, explanation }) =>
        make("option", { value: kind, title: explanation }, name),
      ),
    );
    if (kinds.some((kind) => kind === chosen)) this.select.value = chosen;
    else this.settings.restore(this.select, "activations quantity");
  }
}

function scaleOf(name: string) {
  return QUANTITIES.find((each) => each.name === name)?.scale() ?? new DecadeScale();
}
