/** The nodes and module calls that are selected. */

import type { GraphData } from "../../../messages/graph";
import { isWithin, pathOf } from "../../../parts/selection";

/**
 * Returns the ids in a graph of the selected parameter, module or node, in the order of execution:
 * all calls of a module, all uses of a parameter. Of what the graph lacks, the first call of the
 * innermost module around it, or else of a module in it. Returns nothing if there is none.
 */
export function selectedIds({ nodes, modules }: GraphData, selected: string): readonly string[] {
  const isNamed = ({ id }: { readonly id: string }) => id === selected;
  if (nodes.some(isNamed) || modules.some(isNamed)) return [selected];
  const calls = modules.filter(({ path }) => path === selected);
  const uses = nodes.filter(({ parameters }) => parameters.includes(selected));
  const found = [...calls, ...uses].map(({ id }) => id);
  if (found.length > 0) return found;
  const path = pathOf(selected);
  const around = modules
    .filter((call) => call.path === path || isWithin(path, call.path))
    .reduce<(typeof modules)[number] | null>(
      (best, call) => (best && best.path.length >= call.path.length ? best : call),
      null,
    );
  const nearest = around ?? modules.find((call) => isWithin(call.path, path));
  return nearest ? [nearest.id] : [];
}

/** Returns the name by which a node or a module call is selected in all views; null for others. */
export function nameToSelect({ nodes, modules }: GraphData, id: string): string | null {
  const node = nodes.find((each) => each.id === id);
  if (node) return node.parameters[0] ?? id;
  const call = modules.find((each) => each.id === id);
  if (!call) return null;
  return call.call === 1 ? call.path : id;
}
