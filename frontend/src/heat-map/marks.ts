/** The range of steps of a finding, in heat maps of the quantities that show it. */

import type { TableKind } from "../messages/tables";
import type { StepMark } from "../session";

/** Returns the mark if one of its series is of a kind. */
export function markIn(kind: TableKind, mark: StepMark | null): StepMark | null {
  return mark?.series.some((name) => name.startsWith(`${kind}/`)) ? mark : null;
}

/** Returns the first kind with a series of the mark; null if there is none. */
export function markedKind<K extends TableKind>(
  kinds: readonly K[],
  mark: StepMark | null,
): K | null {
  return kinds.find((kind) => markIn(kind, mark) !== null) ?? null;
}
