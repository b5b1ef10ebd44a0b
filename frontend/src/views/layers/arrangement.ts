/** Which modules are rows, and in which order. */

import { pathOf } from "../../parts/selection";
import type { Column } from "./columns";
import type { Layer, LayerTree } from "./layers";
import { NO_READING, type Reading } from "./readings";

/** Number of rows up to which modules are unfolded at first. */
const MAX_UNFOLDED = 40;

/** Null is the order of the model, as a tree. */
export type Sorting = { readonly column: Column; readonly isDescending: boolean } | null;

/** Returns the rows of a tree, of which the user has folded or unfolded some modules. */
export function treeRows(tree: LayerTree, toggled: ReadonlySet<string>): readonly Layer[] {
  const isOpen = unfoldedModules(tree, toggled);
  const list = (layers: readonly Layer[]): readonly Layer[] =>
    layers.flatMap((layer) => [layer, ...(isOpen(layer) ? list(layer.children) : [])]);
  const { model } = tree;
  return model.children.length > 0 ? list(model.children) : [model];
}

/** Returns whether a module is unfolded, by what fits at first and what the user has toggled. */
export function unfoldedModules(
  { model }: LayerTree,
  toggled: ReadonlySet<string>,
): (layer: Layer) => boolean {
  const opened = new Set<string>();
  let count = model.children.length;
  let level = model.children;
  while (level.length > 0) {
    const next: Layer[] = [];
    for (const { path, children } of level) {
      if (children.length === 0 || count + children.length > MAX_UNFOLDED) continue;
      opened.add(path);
      count += children.length;
      next.push(...children);
    }
    level = next;
  }
  return ({ path, children }) => children.length > 0 && opened.has(path) !== toggled.has(path);
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

/** Returns the folded modules around a selected parameter or module. */
export function foldedAround(
  tree: LayerTree,
  toggled: ReadonlySet<string>,
  selected: string,
): readonly string[] {
  const isOpen = unfoldedModules(tree, toggled);
  const parts = pathOf(selected).split(".");
  return parts
    .map((_, length) => tree.byPath.get(parts.slice(0, length).join(".")))
    .filter((layer) => layer !== undefined)
    .filter((layer) => layer.children.length > 0 && !isOpen(layer))
    .map(({ path }) => path);
}
