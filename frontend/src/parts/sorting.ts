/** The order of the rows of a table, by one of its columns. */

/** Null is the order without sorting. */
export type Sorting<C> = { readonly column: C; readonly isDescending: boolean } | null;

/**
 * Returns the sorting after a click on a header: the first direction, the other one, then none. A
 * click on null, the header without a column, ends the sorting.
 */
export function nextSorting<C>(
  sorting: Sorting<C>,
  column: C | null,
  descendingFirst = true,
): Sorting<C> {
  if (column === null) return null;
  if (sorting?.column !== column) return { column, isDescending: descendingFirst };
  if (sorting.isDescending !== descendingFirst) return null;
  return { column, isDescending: !descendingFirst };
}

const TEXTS = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Returns items in the order of their values; those without a value, null, come last. */
export function sortedBy<T>(
  items: readonly T[],
  toValue: (item: T) => number | string | null,
  isDescending: boolean,
): T[] {
  const sign = isDescending ? -1 : 1;
  return items
    .map((item) => ({ item, value: toValue(item) }))
    .sort((one, other) => {
      if (one.value === null || other.value === null) {
        return Number(one.value === null) - Number(other.value === null);
      }
      return sign * compare(one.value, other.value);
    })
    .map(({ item }) => item);
}

function compare(one: number | string, other: number | string): number {
  if (typeof one === "number" && typeof other === "number") {
    return one === other ? 0 : one < other ? -1 : 1;
  }
  return TEXTS.compare(String(one), String(other));
}
