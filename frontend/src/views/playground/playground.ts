/** The script in the playground's widget: draws it on a page. */

import { make } from "../../parts/element";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { isDark, watchTheme } from "../../parts/theme";
import type { PlaygroundModel } from "./client";
import style from "./playground.css";
import { PlaygroundView } from "./view";

/** Draws the playground; returns its clean-up. */
export function render({ model, el }: { model: PlaygroundModel; el: HTMLElement }): () => void {
  const root = make("div", { class: "labkit-playground", "data-labkit-view": "playground" });
  el.replaceChildren(make("style", {}, style), root);
  const endGuard = guardShortcuts(root);
  const setColours = () => {
    root.dataset.labkitColours = isDark(root) ? "dark" : "light";
  };
  setColours();
  const stopWatching = watchTheme(setColours);
  const view = new PlaygroundView(model, root);
  return () => {
    view.close();
    endGuard();
    stopWatching();
    el.replaceChildren();
  };
}

export default { render };
