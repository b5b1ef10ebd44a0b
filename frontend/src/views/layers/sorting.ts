/** The rows sorted by a column. */

import { type Sorting as SortingBy, sortedBy } from "../../parts/sorting";
import { COLUMNS, type Column } from "./columns";
import type { Layer, LayerTree } from "./layers";
import { NO_READING, type Reading } from "./readings";

/** Null is the order of the model, as a tree. */
export type Sorting = SortingBy<Column>;

export function sortingAsText(sorting: Sorting): string | null {
  return sorting && `${sorting.column.id} ${sorting.isDescending}`;
}

export function sortingFromText(saved: string | null): Sorting {
  const [id, isDescending] = (saved ?? "").split(" ");
  const column = COLUMNS.find((each) => each.id === id);
  return column ? { column, isDescending: isDescending === "true" } : null;
}

/**
 * Returns the modules that contain no others, or have parameters of their own, by a column. Modules
 * without a number come last.
 */
export function sortedRows(
  { model, byPath }: LayerTree,
  readings: ReadonlyMap<string, Reading>,
  { column, isDescending }: NonNullable<Sorting>,
): readonly Layer[] {
  const layers = byPath.size > 0 ? [...byPath.values()] : [model];
  const rows = layers.filter(
    ({ children, hasOwnParameters }) => children.length === 0 || hasOwnParameters,
  );
  const toValue = (layer: Layer) => column.value(layer, readings.get(layer.path) ?? NO_READING);
  return sortedBy(rows, toValue, isDescending);
}
