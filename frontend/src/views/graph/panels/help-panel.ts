/** The help panel: functions of the mouse and the keys. */

import { html } from "../drawing/elements";

const LINES: readonly (readonly [keys: string, meaning: string])[] = [
  ["Click a module", "open it, or fold it again"],
  ["Click a box", "follow its tensors, and see its details"],
  ["Drag, Ctrl + wheel", "move, zoom"],
  ["Arrow keys", "go from box to box"],
  ["Enter, Space", "open, fold, follow"],
  ["Escape", "follow nothing, close what is open"],
  ["✗, red", "an operation that failed, or made the pass fail"],
  ["Enter in Find", "go to the next that is found"],
];

export class HelpPanel {
  readonly element = html("div", { class: "labkit-graph-help", role: "note" });

  constructor() {
    const list = html("dl");
    for (const [keys, meaning] of LINES) list.append(html("dt", {}, keys), html("dd", {}, meaning));
    this.element.append(list);
    this.element.hidden = true;
  }

  toggle(): void {
    this.element.hidden = !this.element.hidden;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
