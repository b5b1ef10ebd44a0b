/** The rows sorted by a column. */

import { COLUMNS, type Column } from "./columns";
import type { Layer, LayerTree } from "./layers";
import { NO_READING, type Reading } from "./readings";

/** Null is the order of the model, as a tree. */
export type Sorting = { readonly column: Column; readonly isDescending: boolean } | null;

/** Returns the sorting after a click on a header: descending, ascending, then that of the model. */
export function nextSorting(sorting: Sorting, column: Column | null): Sorting {
  if (column === null) return null;
  if (sorting?.column !== column) return { column, isDescending: true };
  return sorting.isDescending ? { column, isDescending: false } : null;
}

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
  const rated = layers
    .filter(({ children, hasOwnParameters }) => children.length === 0 || hasOwnParameters)
    .map((layer) => ({
      layer,
      value: column.value(layer, readings.get(layer.path) ?? NO_READING),
    }));
  const sign = isDescending ? -1 : 1;
  return rated
    .sort((one, other) => {
      if (one.value === null || other.value === null) {
        return Number(one.value === null) - Number(other.value === null);
      }
      return one.value === other.value ? 0 : sign * (one.value < other.value ? -1 : 1);
    })
    .map(({ layer }) => layer);
}
