/**
 * Which rows, lines and boxes belong to the selection of a run: the name of a parameter, the path of
 * a module ("" for the model), or the id of a node or module call, "fc1#1/addmm:0".
 */

import type { RunSession } from "../session";

const NONE: ReadonlySet<string> = new Set();

/** Returns the name of a selected parameter, or the path of a selected or enclosing module. */
export function pathOf(selected: string): string {
  return selected.replace(/#\d+.*$/, "");
}

/** Whether a parameter or module is part of a module; the model itself has no parts here. */
export function isWithin(name: string, path: string): boolean {
  return path !== "" && name.startsWith(`${path}.`);
}

/**
 * Returns the names that a selection marks: those of the selected parameter or module and of all in
 * it, or else that of the innermost module around it.
 */
export function namesMarkedBy(
  names: readonly string[],
  selected: string | null,
): ReadonlySet<string> {
  if (selected === null) return NONE;
  const path = pathOf(selected);
  const inside = names.filter((name) => name === path || isWithin(name, path));
  if (inside.length > 0) return new Set(inside);
  const around = innermostAround(names, path);
  return around === null ? NONE : new Set([around]);
}

/** Returns the longest of the names that are modules around a parameter or module; null if none. */
export function innermostAround(names: readonly string[], path: string): string | null {
  return names
    .filter((name) => isWithin(path, name))
    .reduce<string | null>(
      (best, name) => (best !== null && best.length > name.length ? best : name),
      null,
    );
}

/** Returns the selection as text: "fc1/addmm" for "fc1#1/addmm:0". */
export function selectionText(selected: string): string {
  return selected.replace(/#1(?=$|\/)/, "").replace(/:0$/, "") || "the model";
}

/** Selects a parameter, module or node; takes it back if it is selected. */
export function toggleSelection(session: RunSession, name: string): void {
  session.select(session.selected === name ? null : name);
}

/** Takes the selection back when Escape is pressed in an element, which can have the focus then. */
export function clearOnEscape(element: HTMLElement, session: RunSession): void {
  element.tabIndex = -1;
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && session.selected !== null) session.select(null);
  });
}
