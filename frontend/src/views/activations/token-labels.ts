/** The tokens at the axes of attention, shaded by the weights of the one under the pointer. */

import { make } from "../../parts/element";
import type { Picture } from "../../session";

export interface AxisTokens {
  readonly queries: readonly string[];
  readonly keys: readonly string[];
}

/** Size of a weight with a token at its side, in px. */
export const TOKEN_CELL = 13;

/**
 * Returns the tokens at both axes; null unless they are known for both. The tokens of the input are
 * those of an axis of the same length.
 */
export function axisTokens({ kind, given, shape, whole }: Picture): AxisTokens | null {
  if (kind !== "attention" || !given || given.tokens.length === 0) return null;
  const [count] = given.whole;
  if (whole.at(-1) !== count || whole.at(-2) !== count) return null;
  const [, rows, columns] = shape;
  return { queries: given.tokens.slice(0, rows), keys: given.tokens.slice(0, columns) };
}

export class TokenLabels {
  readonly queries = make("div", { class: "labkit-queries" });
  readonly keys = make("div", { class: "labkit-keys" });
  private drawn = "";

  draw(tokens: AxisTokens | null): void {
    this.queries.hidden = this.keys.hidden = tokens === null;
    const key = JSON.stringify(tokens);
    if (key === this.drawn) return;
    this.drawn = key;
    this.queries.replaceChildren(...(tokens?.queries ?? []).map(label));
    this.keys.replaceChildren(...(tokens?.keys ?? []).map(label));
  }

  /** Returns the position of the query whose label contains a node; null for others. */
  queryOf(node: EventTarget | null): number | null {
    return placeIn(this.queries, node);
  }

  /** Returns the position of the key whose label contains a node; null for others. */
  keyOf(node: EventTarget | null): number | null {
    return placeIn(this.keys, node);
  }

  /** Shades the keys by what a query takes from each, or the queries by what they take of a key. */
  shade(axis: "queries" | "keys", weights: ArrayLike<number>): void {
    this.clear();
    const greatest = Math.max(...Array.from(weights), 1e-30);
    [...this[axis].children].forEach((child, place) => {
      const share = Math.round((65 * (weights[place] ?? 0)) / greatest);
      (child as HTMLElement).style.setProperty("--labkit-weight", `${share}%`);
    });
  }

  clear(): void {
    for (const child of [...this.queries.children, ...this.keys.children]) {
      (child as HTMLElement).style.removeProperty("--labkit-weight");
    }
  }
}

function label(text: string): HTMLElement {
  return make("span", { title: text }, text);
}

function placeIn(list: HTMLElement, node: EventTarget | null): number | null {
  const place = [...list.children].indexOf(node as Element);
  return place < 0 ? null : place;
}
