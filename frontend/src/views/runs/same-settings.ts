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

  update(runs: readonly RunEntry[], names: readonly string[]): void {
    const readable = runs.find(({ error }) => error === null);
    this.element.hidden = names.length === 0 || runs.length < 2;
    const rows = names.map((name) => [name, readable?.configuration[name] ?? ""] as const);
    const key = JSON.stringify(rows);
    if (key === this.drawn) return;
    this.drawn = key;
    setText(this.summary, `The same in all runs: ${names.join(", ")}`);
    this.list.replaceChildren(
      ...rows.map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))),
    );
  }
}
