/** The script in the playground's widget: draws it on a page. */

import { make } from "../../parts/element";
import { guardShortcuts } from "../../parts/shortcut-guard";
import { isDark, watchTheme } from "../../parts/theme";
import type { PlaygroundModel } from "./client";
import codePanelStyle from "./code-panel.css";
import networkStyle from "./network.css";
import outputStyle from "./output.css";
import playgroundStyle from "./playground.css";
import settingsStyle from "./settings.css";
import { PlaygroundView } from "./view";

/** In this order, as later rules replace earlier ones. */
const STYLES = [playgroundStyle, settingsStyle, networkStyle, outputStyle, codePanelStyle];

/** Draws the playground; returns its clean-up. */
export function render({ model, el }: { model: PlaygroundModel; el: HTMLElement }): () => void {
  const root = make("div", { class: "labkit-playground", "data-labkit-view": "playground" });
  el.replaceChildren(make("style", {}, STYLES.join("\n")), root);
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
