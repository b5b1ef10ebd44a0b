/** Finds modules and nodes by their names. */

import type { GraphData } from "../../../messages/graph";

export interface SearchResult {
  readonly id: string;
  readonly message: string;
}

/** A cyclic iterator over the results of a search. */
export class SearchResults {
  private query = "";
  private at = -1;

  next(graph: GraphData, query: string): SearchResult | null {
    const found = search(graph, query);
    this.at = query === this.query ? this.at + 1 : 0;
    this.query = query;
    const place = found.length === 0 ? 0 : this.at % found.length;
    const id = found[place];
    if (id === undefined) return null;
    return { id, message: `${place + 1} of ${found.length}: ${id.replace(/#1(?=$|\/)/, "")}` };
  }
}

/** Returns the ids that match a query, best first: modules by path or type, nodes by name. */
export function search(graph: GraphData, query: string): readonly string[] {
  const normalised = query.trim().toLowerCase();
  if (normalised === "") return [];
  const rated: [rating: number, id: string][] = [];
  const rate = (id: string, names: readonly string[]) => {
    const ratings = names.map((name) => rating(name.toLowerCase(), normalised));
    const best = Math.min(...ratings);
    if (Number.isFinite(best)) rated.push([best, id]);
  };
  for (const { id } of [...graph.modules, ...graph.nodes]) rate(id, id === query ? [id] : []);
  for (const module of graph.modules) rate(module.id, [module.path, module.type]);
  for (const node of graph.nodes) rate(node.id, [node.op, node.role ?? "", ...node.parameters]);
  // Sorting is stable, so that equal ratings are in the order of execution.
  return rated.sort(([one], [other]) => one - other).map(([, id]) => id);
}

/** Returns 0 for the complete name, 1 for its end, 2 for its beginning, 3 for any other part. */
function rating(name: string, normalised: string): number {
  if (name === normalised) return 0;
  if (name.endsWith(`.${normalised}`)) return 1;
  if (name.startsWith(normalised)) return 2;
  return name.includes(normalised) ? 3 : Number.POSITIVE_INFINITY;
}
