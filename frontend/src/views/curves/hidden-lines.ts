/** The lines that the user has hidden, also in the view that replaces this one. */

import type { ViewSettings } from "../../parts/view-settings";
import { type Line, lineId, type Quantity } from "./quantities";

export class HiddenLines {
  constructor(private readonly settings: ViewSettings) {}

  toggle(line: Line): void {
    const name = settingOf(line);
    this.settings.set(name, this.settings.get(name) === null ? "hidden" : null);
  }

  /** Returns the ids of the hidden lines among these; a line that is alone is never hidden. */
  ids(quantities: readonly Quantity[]): ReadonlySet<string> {
    const some = quantities
      .flatMap(({ lines }) => (lines.length > 1 ? lines : []))
      .filter(({ part }) => !part);
    return new Set(some.filter((line) => this.settings.get(settingOf(line))).map(lineId));
  }
}

function settingOf(line: Line): string {
  return `curves line ${lineId(line)}`;
}
