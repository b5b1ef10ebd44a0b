/** Asks the dashboard around a view, if there is one, to bring another view to the front. */

import type { PanelName } from "./panel";

const EVENT = "labkit-reveal";

export function reveal(from: Element, view: PanelName): void {
  from.dispatchEvent(new CustomEvent<PanelName>(EVENT, { bubbles: true, detail: view }));
}

/** Calls `show` with the view that one inside `root` asks for. */
export function onReveal(root: Element, show: (view: PanelName) => void): void {
  root.addEventListener(EVENT, (event) => show((event as CustomEvent<PanelName>).detail));
}
