/** Finds modules and nodes by their names. */

import type { GraphData } from "../../../protocol";

export interface Hit {
  readonly id: string;
  readonly said: string;
}

/** Goes through what was found, and round again. */
export class Hits {
  private words = "";
  private at = -1;

  next(graph: GraphData, words: string): Hit | null {
    const found = search(graph, words);
    this.at = words === this.words ? this.at + 1 : 0;
    this.words = words;
    const place = found.length === 0 ? 0 : this.at % found.length;
    const id = found[place];
    if (id === undefined) return null;
    return { id, said: `${place + 1} of ${found.length}: ${id.replace(/#1(?=$|\/)/, "")}` };
  }
}

/** Ids of what a person may mean, the best first: modules by path or type, nodes by name. */
export function search(graph: GraphData, words: string): readonly string[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return [];
  const rated: [rating: number, id: string][] = [];
  const rate = (id: string, names: readonly string[]) => {
    const ratings = names.map((name) => rating(name.toLowerCase(), wanted));
    const best = Math.min(...ratings);
    if (Number.isFinite(best)) rated.push([best, id]);
  };
  for (const { id } of [...graph.modules, ...graph.nodes]) rate(id, id === words ? [id] : []);
  for (const module of graph.modules) rate(module.id, [module.path, module.type]);
  for (const node of graph.nodes) rate(node.id, [node.op, ...node.parameters]);
  // Sorting is stable: equals stay in the order of execution.
  return rated.sort(([one], [other]) => one - other).map(([, id]) => id);
}

/** 0 for the name itself, then its end, its beginning, anywhere. */
function rating(name: string, wanted: string): number {
  if (name === wanted) return 0;
  if (name.endsWith(`.${wanted}`)) return 1;
  if (name.startsWith(wanted)) return 2;
  return name.includes(wanted) ? 3 : Number.POSITIVE_INFINITY;
}
