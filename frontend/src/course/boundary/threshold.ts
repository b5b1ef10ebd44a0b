/**
 * The threshold view of the course: the samples of a classifier in a row, each at its logit, and a
 * threshold to move through them. The page counts by itself.
 */

import type { ThresholdViewState } from "../../messages/boundary";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { rendering } from "../../parts/widget";
import { CUTS, cheapestCut, costOf, countAt, type Decided, probabilityText, share } from "./counts";
import { bytesOf, floatsOf } from "./decoding";
import { CONTROL } from "./looks";
import { drawing, END, WIDTH } from "./threshold-drawing";

/** The part of the widget's model that the view uses. */
export interface ThresholdModel {
  get<T extends keyof ThresholdViewState>(trait: T): ThresholdViewState[T];
}

/** Draws the view; returns its clean-up. */
export const render = rendering((model: ThresholdModel, root) => new ThresholdPage(model, root));

class ThresholdPage {
  private readonly listeners = new AbortController();
  private readonly endGuard: () => void;
  private readonly decided: Decided;
  private readonly classes: readonly string[];
  private readonly picture: ReturnType<typeof drawing>;
  private readonly slider = document.createElement("input");
  private readonly price = document.createElement("input");
  private readonly cheapest = document.createElement("button");
  private readonly counts = document.createElement("div");
  private readonly root: HTMLElement;

  constructor(model: ThresholdModel, root: HTMLElement) {
    this.root = root;
    this.classes = model.get("classes");
    this.decided = { logits: floatsOf(model.get("logits")), labels: bytesOf(model.get("labels")) };
    this.picture = drawing(this.decided, this.classes);
    this.slider.type = "range";
    [this.slider.min, this.slider.max] = ["0", `${CUTS.length - 1}`];
    this.slider.value = `${CUTS.indexOf(0)}`;
    this.slider.style.width = "100%";
    this.slider.setAttribute("aria-label", "Threshold");
    this.price.type = "number";
    [this.price.min, this.price.value] = ["0", `${model.get("price")}`];
    this.price.style.cssText = `${CONTROL};width:5em`;
    this.cheapest.type = "button";
    this.cheapest.style.cssText = `${CONTROL};cursor:pointer`;
    this.cheapest.textContent = "Cheapest here";
    this.cheapest.title = "Move to the threshold with the lowest cost on these samples";
    this.counts.setAttribute("role", "status");
    this.build();
    this.endGuard = guardShortcuts(root);
    this.listen();
    this.show();
  }

  close(): void {
    this.listeners.abort();
    this.endGuard();
    this.root.replaceChildren();
  }

  private build(): void {
    const label = document.createElement("label");
    label.append("A miss is as bad as ", this.price, " false alarms. ");
    const row = document.createElement("div");
    row.style.cssText = "display:flex;flex-wrap:wrap;gap:6px 16px;align-items:center;margin:4px 0";
    row.append(label, this.cheapest);
    const frame = document.createElement("div");
    frame.setAttribute("data-labkit-view", "threshold");
    frame.style.cssText =
      `max-width:${WIDTH + 60}px;font-size:13px;line-height:1.6;padding:4px 2px;` +
      "font-family:var(--jp-ui-font-family,system-ui,sans-serif);" +
      "color:var(--jp-content-font-color1,inherit)";
    frame.append(this.picture.element, this.slider, this.counts, row);
    this.root.replaceChildren(frame);
  }

  private listen(): void {
    const { signal } = this.listeners;
    const { element } = this.picture;
    let isDragging = false;
    element.addEventListener(
      "pointerdown",
      (event) => {
        isDragging = true;
        element.setPointerCapture?.(event.pointerId);
        this.moveTo(event);
      },
      { signal },
    );
    element.addEventListener("pointermove", (event) => isDragging && this.moveTo(event), {
      signal,
    });
    for (const end of ["pointerup", "pointercancel"]) {
      element.addEventListener(end, () => (isDragging = false), { signal });
    }
    this.slider.addEventListener("input", () => this.show(), { signal });
    this.price.addEventListener("input", () => this.show(), { signal });
    this.cheapest.addEventListener("click", () => this.moveToCheapest(), { signal });
  }

  /** The price of a miss; what is no price counts as nothing. */
  private get perMiss(): number {
    return Math.max(0, Number(this.price.value) || 0);
  }

  private get cut(): number {
    return CUTS[Number(this.slider.value)] ?? 0;
  }

  private moveTo(event: PointerEvent): void {
    const box = this.picture.element.getBoundingClientRect();
    const across = (event.clientX - box.left) / (box.width || 1);
    this.slide((2 * across - 1) * END);
  }

  private moveToCheapest(): void {
    this.slide(cheapestCut(this.decided, this.perMiss));
  }

  private slide(logit: number): void {
    const place = Math.round(logit * 10) + CUTS.indexOf(0);
    this.slider.value = `${Math.min(Math.max(place, 0), CUTS.length - 1)}`;
    this.show();
  }

  private show(): void {
    const counts = countAt(this.decided, this.cut);
    const { hits, misses, alarms, leftAlone } = counts;
    const n = hits + misses + alarms + leftAlone;
    const logit = this.cut.toFixed(1).replace("-", "−");
    const text = `threshold ${probabilityText(this.cut)} (logit ${logit})`;
    this.picture.show(this.cut, text);
    this.slider.setAttribute("aria-valuetext", text);
    const cost = costOf(counts, this.perMiss);
    this.counts.replaceChildren(
      line([
        [counted(hits, "hit"), `${this.classes[1]}, and flagged`],
        [counted(misses, "miss"), `${this.classes[1]}, and not flagged`],
        [counted(alarms, "false alarm"), `${this.classes[0]}, but flagged`],
      ]),
      line([
        [`precision ${share(hits, hits + alarms)}`, "Hits among those that are flagged"],
        [`recall ${share(hits, hits + misses)}`, `Hits among those that are ${this.classes[1]}`],
        [`accuracy ${share(hits + leftAlone, n)}`, "Decisions that are correct"],
        [`cost ${Number(cost.toFixed(2))}`, "Counted in false alarms"],
      ]),
    );
  }
}

/** Returns a number with a noun: 1 miss, 2 misses. */
function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}

function line(entries: readonly (readonly [string, string])[]): HTMLElement {
  const row = document.createElement("div");
  row.style.cssText = "display:flex;flex-wrap:wrap;gap:0 20px;font-variant-numeric:tabular-nums";
  for (const [text, title] of entries) {
    const entry = document.createElement("span");
    entry.textContent = text;
    entry.title = title;
    entry.style.minWidth = "8em";
    row.append(entry);
  }
  return row;
}

export default { render };
