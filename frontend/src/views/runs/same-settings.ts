/** The settings that have no column, because they are the same in all runs. */

import { make, setText } from "../../parts/element";
import type { RunEntry } from "./run-entry";

export class SameSettings {
  readonly element = make("details", { class: "labkit-runs-same" });
  private readonly summary = make("summary");
  private readonly list = make("dl");
  private drawn = "";

  constructor() {
    this.element.append(this.summary, this.list);
  }

  /** `without` are the names of settings that have no column; some runs may lack some of them. */
  update(runs: readonly RunEntry[], without: readonly string[]): void {
    const [first, ...others] = runs.filter(({ error }) => error === null);
    const names = without.filter((name) =>
      others.every(({ configuration }) => configuration[name] === first?.configuration[name]),
    );
    this.element.hidden = names.length === 0 || runs.length < 2;
    const rows = names.map((name) => [name, first?.configuration[name] ?? ""] as const);
    const key = JSON.stringify(rows);
    if (key === this.drawn) return;
    this.drawn = key;
    const text = `The same in all runs: ${names.join(", ")}`;
    setText(this.summary, text);
    this.summary.title = text;
    this.list.replaceChildren(
      ...rows.map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))),
    );
  }
}
