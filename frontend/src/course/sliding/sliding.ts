/**
 * A kernel slides over an image: the image with a window that is dragged, the products under the
 * window, and the feature map. The kernel of the notebook computes the map with PyTorch.
 */

import type {
  SlidingQuery,
  SlidingRequest,
  SlidingState,
  SlidingTable,
} from "../../messages/sliding";
import { Queries } from "../../parts/queries";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering, type WidgetModel, waitingText } from "../../parts/widget";
import { ControlBar } from "./controls";
import { mapSize, type Place, placeByKey, short, windowSum, within } from "./geometry";
import { ProductTable } from "./products";
import style from "./sliding.css";
import { TableCanvas } from "./table-canvas";

/** The part of the widget's model that the view uses. */
export type SlidingModel = WidgetModel<SlidingState, SlidingRequest>;

const EVENTS = ["change:answers", "change:answered", "change:said", "change:code"] as const;
const WAITING = waitingText("PyTorch computes the map.");
const HELP = "Drag the window, or move it with the arrow keys.";
/** A place takes this long while the window slides by itself; large maps are quicker. */
const [LONGEST_MS, WHOLE_MS, SHORTEST_MS] = [220, 8000, 16];

/** Draws the view; returns its clean-up. */
export const render = rendering((model: SlidingModel, root) => new SlidingPage(model, root));

type Setting = Omit<SlidingQuery, "number">;

class SlidingPage {
  private readonly frame = document.createElement("div");
  private readonly status = document.createElement("p");
  private readonly code = document.createElement("pre");
  private readonly listeners = new AbortController();
  private readonly endGuard: () => void;
  private readonly bar: ControlBar;
  private readonly image: TableCanvas;
  private readonly map: TableCanvas;
  private readonly products: ProductTable;
  private readonly queries: Queries<SlidingQuery>;
  private setting: Setting;
  private at: Place;
  /** Where a slide was paused; it goes on from there. */
  private paused: number | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private readonly onChange = () => this.renew();

  constructor(
    private readonly model: SlidingModel,
    private readonly root: HTMLElement,
  ) {
    this.queries = new Queries(model);
    this.setting = this.known();
    const { rows, columns } = this.size();
    // In the middle there is more to see than in a corner.
    this.at = { row: rows >> 1, column: columns >> 1 };
    const { signal } = this.listeners;
    const onKey = (event: KeyboardEvent) => this.press(event);
    this.image = new TableCanvas({ onPlace: (place) => this.drag(place), onKey }, signal);
    this.map = new TableCanvas({ onPlace: (place) => this.move(place), onKey }, signal);
    this.products = new ProductTable((values) => this.edit(values), signal);
    this.bar = new ControlBar(
      model.get("filters"),
      {
        onFilter: (weights) => this.query({ weights }),
        onStride: (stride) => this.query({ stride }),
        onPadding: (padding) => this.query({ padding }),
        onSlide: () => this.toggle(),
      },
      signal,
    );
    this.build();
    this.endGuard = guardShortcuts(this.frame);
    for (const event of EVENTS) model.on(event, this.onChange);
    this.draw();
  }

  close(): void {
    this.queries.close();
    this.stop();
    this.listeners.abort();
    this.endGuard();
    for (const event of EVENTS) this.model.off(event, this.onChange);
    this.root.replaceChildren();
  }

  private build(): void {
    this.frame.className = "labkit-sliding";
    this.frame.dataset.labkitView = "sliding";
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const tables = document.createElement("div");
    tables.className = "tables";
    tables.append(
      panel("image", this.image.element),
      panel("pixel × weight = product", this.products.element),
      panel("feature map", this.map.element),
    );
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "The same in PyTorch";
    details.append(summary, this.code);
    this.status.setAttribute("role", "status");
    this.frame.append(this.bar.element, tables, this.status, details);
    this.root.replaceChildren(sheet, this.frame);
  }

  /** The setting of the map that the kernel has computed. */
  private known(): Setting {
    const { model } = this;
    const [stride, padding] = [model.get("stride"), model.get("padding")];
    return { weights: model.get("weights"), stride, padding };
  }

  private get isStale(): boolean {
    return !this.queries.areAnswered;
  }

  private edit(values: readonly number[]): void {
    this.query({ weights: { ...this.setting.weights, values } });
  }

  private query(change: Partial<Setting>): void {
    this.stop();
    this.paused = null;
    this.setting = { ...this.setting, ...change };
    this.queries.send(this.setting);
    this.draw();
  }

  private renew(): void {
    // A query that was refused changes nothing: the page shows again what there is.
    if (!this.isStale) this.setting = this.known();
    this.draw();
  }

  /** Puts the middle of the window on a pixel of the image. */
  private drag({ row, column }: Place): void {
    const { weights, stride, padding } = this.setting;
    const half = Math.floor(weights.rows / 2);
    const cell = (at: number) => Math.round((at + padding - half) / stride);
    this.move({ row: cell(row), column: cell(column) });
  }

  private press(event: KeyboardEvent): void {
    const next = placeByKey(event.key, this.at, this.size());
    if (next === null || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(next);
  }

  private move(place: Place): void {
    this.stop();
    this.paused = null;
    this.at = place;
    this.draw();
  }

  private toggle(): void {
    const { rows, columns } = this.size();
    if (this.timer !== null) {
      this.stop();
      this.paused = this.at.row * columns + this.at.column;
      this.draw();
      return;
    }
    const count = rows * columns;
    const interval = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, WHOLE_MS / count));
    let next = this.paused ?? -1;
    this.paused = null;
    this.timer = setInterval(() => {
      next += 1;
      this.at = { row: Math.floor(next / columns), column: next % columns };
      if (next >= count - 1) this.stop();
      this.draw();
    }, interval);
    this.draw();
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private size(): SlidingTable {
    return mapSize({ image: this.model.get("image"), ...this.setting });
  }

  private draw(): void {
    const { weights, stride, padding } = this.setting;
    const image = this.model.get("image");
    const size = this.size();
    const { isStale } = this;
    this.at = within(size, this.at);
    const { row, column } = this.at;
    const computed = windowSum({ image, ...this.setting }, this.at);
    const isSliding = this.timer !== null;
    this.bar.show(weights, stride, padding, isSliding);
    this.products.show(weights, computed);
    const window = { row: row * stride - padding, column: column * stride - padding };
    const place = `row ${row}, column ${column}`;
    this.image.draw(
      { table: image, padding, window, size: weights.rows, shown: Infinity, isStale: false },
      `The image, ${image.rows} by ${image.columns} pixels; the window makes ${place} of the map, ` +
        `${short(computed.sum)}. ${HELP}`,
    );
    const answers = this.model.get("answers");
    const isFitting = answers.rows === size.rows && answers.columns === size.columns;
    const shown = isSliding ? row * size.columns + column + 1 : Infinity;
    this.map.draw(
      {
        table: isFitting ? answers : { ...size, values: Array(size.rows * size.columns).fill(0) },
        padding: 0,
        window: this.at,
        size: 1,
        shown: isFitting ? shown : 0,
        isStale,
      },
      `The feature map, ${size.rows} by ${size.columns}; ${place} is ${short(computed.sum)}. ${HELP}`,
    );
    this.status.textContent =
      this.model.get("said") ||
      (isStale ? WAITING : `feature map: ${size.rows} × ${size.columns}. ${HELP}`);
    this.code.textContent = this.model.get("code");
    this.frame.dataset.labkitPlace = `${row},${column}`;
  }
}

function panel(title: string, content: HTMLElement): HTMLElement {
  const element = document.createElement("div");
  const heading = document.createElement("div");
  heading.className = "heading";
  heading.textContent = title;
  element.append(heading, content);
  return element;
}

export default { render };
