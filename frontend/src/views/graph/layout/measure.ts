/** Computes the sizes of boxes from their texts, and shortens texts that are too long. */

import type { Label } from "../model/labels";
import type { Item } from "../model/visible-graph";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The text of a box as it is drawn, with the widths of its parts. */
export interface FittedLabel extends Label, Size {
  readonly titleWidth: number;
  readonly badgeWidth: number;
}

type Role = "title" | "subtitle" | "badge" | "pill" | "output" | "detail";

/** Font weight, and font size in px, as in the style sheet. */
const FONTS: Readonly<Record<Role, readonly [weight: number, size: number]>> = {
  title: [600, 13],
  subtitle: [400, 11],
  badge: [500, 11],
  pill: [500, 12],
  output: [700, 12],
  detail: [400, 11],
};

/** Wide enough for a number with a long class name: "layers.10 · TransformerEncoderLayer". */
const MAX_TITLE = 290;
const MAX_SUBTITLE = 290;
export const MODULE_PADDING = 14;
export const STRIP = 6;
export const CHEVRON = 16;
export const TITLE_BAR = 32;
const GAP = 8;

export class TextMeasure {
  private readonly context = makeContext();
  private readonly widths = new Map<string, number>();

  constructor(private readonly family: string) {}

  width(text: string, role: Role): number {
    const key = `${role} ${text}`;
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    const [weight, size] = FONTS[role];
    let width = text.length * size * 0.6;
    if (this.context) {
      this.context.font = `${weight} ${size}px ${this.family}`;
      width = this.context.measureText(text).width;
    }
    this.widths.set(key, width);
    return width;
  }

  /** Returns the text, with its middle omitted if it is wider than `max` px. */
  cut(text: string, role: Role, max: number): string {
    if (this.width(text, role) <= max) return text;
    const letters = [...text];
    let fits = "…";
    for (let keep = 1; keep < letters.length; keep += 1) {
      const head = letters.slice(0, Math.ceil(keep / 2)).join("");
      const tail = letters.slice(letters.length - Math.floor(keep / 2)).join("");
      const shorter = `${head}…${tail}`;
      if (this.width(shorter, role) > max) break;
      fits = shorter;
    }
    return fits;
  }

  box(item: Item, label: Label): FittedLabel {
    if (item.kind === "module") return this.moduleBox(label);
    return this.pill(label, item.kind === "output" ? "output" : "pill");
  }

  /** Returns the title bar of an open module; the height is that of the bar. */
  frame(label: Label): FittedLabel {
    const fitted = this.fit(label, "title", "subtitle");
    const subtitle = fitted.subtitle ? this.width(fitted.subtitle, "subtitle") + GAP : 0;
    const badge = fitted.badge ? fitted.badgeWidth + GAP : 0;
    const width = STRIP + CHEVRON + fitted.titleWidth + subtitle + badge + 2 * MODULE_PADDING;
    return { ...fitted, width, height: TITLE_BAR };
  }

  private moduleBox(label: Label): FittedLabel {
    const fitted = this.fit(label, "title", "subtitle");
    const badge = fitted.badge ? fitted.badgeWidth + GAP : 0;
    const top = CHEVRON + fitted.titleWidth + badge;
    const bottom = this.width(fitted.subtitle, "subtitle");
    const width = Math.max(96, top, bottom) + STRIP + 2 * MODULE_PADDING - 4;
    return { ...fitted, width, height: fitted.subtitle ? 46 : 32 };
  }

  private pill(label: Label, title: Role): FittedLabel {
    const fitted = this.fit(label, title, "detail");
    const detail = fitted.subtitle ? this.width(fitted.subtitle, "detail") + GAP : 0;
    return { ...fitted, width: Math.max(44, fitted.titleWidth + detail + 26), height: 26 };
  }

  private fit(label: Label, title: Role, subtitle: Role): Omit<FittedLabel, "width" | "height"> {
    const cutTitle = this.cut(label.title, title, MAX_TITLE);
    return {
      title: cutTitle,
      subtitle: this.cut(label.subtitle, subtitle, MAX_SUBTITLE),
      badge: label.badge,
      titleWidth: this.width(cutTitle, title),
      badgeWidth: label.badge ? this.width(label.badge, "badge") + 12 : 0,
    };
  }
}

function makeContext(): CanvasRenderingContext2D | null {
  try {
    return document.createElement("canvas").getContext("2d");
  } catch {
    return null;
  }
}
