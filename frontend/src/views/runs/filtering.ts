/** Which runs a text filters: those in which each of its words occurs. */

import { STATUS_TEXTS } from "../controls/facts";
import type { RunEntry } from "./run-entry";

/** Returns the runs in which each word occurs, as in "adam lr=0.1". */
export function filtered(runs: readonly RunEntry[], text: string): readonly RunEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const searched = searchedText(run);
    return words.every((word) => searched.includes(word));
  });
}

function searchedText({ name, key, note, error, status, configuration }: RunEntry): string {
  const settings = Object.entries(configuration).map(([setting, text]) => `${setting}=${text}`);
  const state = status ? STATUS_TEXTS[status][0] : "unreadable";
  return [name, key, note, error ?? "", state, ...settings].join("\n").toLowerCase();
}
