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
    this.element.hidden = names.length === 0 || runs.length < 2;
    const textOf = (name: string) =>
      runs.map(({ configuration }) => configuration[name]).find((text) => text !== undefined);
    const rows = names.map((name) => [name, textOf(name) ?? ""] as const);
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
