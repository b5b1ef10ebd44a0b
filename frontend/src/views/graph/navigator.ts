/** Searches nodes by name, and highlights the ancestors and descendants of a box. */

import type { Scene } from "./drawing/scene";
import type { Viewport } from "./drawing/viewport";
import { connectedTo } from "./model/connected";
import { SearchResults } from "./model/search";
import type { ShownGraph } from "./model/shown-graph";
import type { VisibleEdge } from "./model/visible-graph";
import type { PassChoices } from "./structure/collapsed-graph";

/** The parts of the view that the navigator uses. */
export interface NavigatorContext {
  readonly scene: Scene;
  readonly viewport: Viewport;
  shown(): ShownGraph | null;
  edges(): readonly VisibleEdge[];
  /** Shows the passes of a node of the recorded graph, and opens the enclosing modules. */
  showInPasses(choices: PassChoices, id: string): Promise<boolean>;
  showMessage(query: string): void;
}

export class GraphNavigator {
  private followed: string | null = null;
  private readonly results = new SearchResults();

  constructor(private readonly view: NavigatorContext) {}

  /**
   * Dims all boxes except a box, its ancestors and its descendants. The same box again, or null,
   * dims none. Returns whether some are dimmed.
   */
  toggleFollow(id: string | null): boolean {
    this.followed = id === this.followed ? null : id;
    this.applyFade();
    return this.followed !== null;
  }

  /** Applies the dimming to a new drawing. */
  applyFade(): void {
    const { scene } = this.view;
    if (this.followed !== null && !scene.rect(this.followed)) this.followed = null;
    scene.fade(this.followed === null ? null : connectedTo(this.view.edges(), this.followed));
  }

  /** Shows the next search result: opens the enclosing modules, moves to it and highlights it. */
  async find(query: string): Promise<void> {
    const { view } = this;
    const shown = view.shown();
    if (!shown) return;
    const result = this.results.next(shown.recorded, query);
    if (!result) {
      view.showMessage(`Nothing in this graph is called “${query.trim()}”.`);
      return;
    }
    await this.approach(shown, result.id, result.message, true);
  }

  /** Shows a selected node or call like `show`, but dims no other box. */
  async goTo(id: string): Promise<void> {
    const shown = this.view.shown();
    if (shown) await this.approach(shown, id, shown.nameOfBox(shown.drawnIdOf(id)), false);
  }

  /** Shows a node of the recorded graph: opens the enclosing modules, and moves to it. */
  async show(id: string): Promise<void> {
    const shown = this.view.shown();
    if (shown) await this.approach(shown, id, shown.nameOfBox(shown.drawnIdOf(id)), true);
  }

  private async approach(
    shown: ShownGraph,
    recordedId: string,
    message: string,
    dimsOthers: boolean,
  ): Promise<void> {
    const { view } = this;
    if (!(await view.showInPasses(shown.choicesFor(recordedId), recordedId))) {
      view.showMessage(`${message}; it cannot be unfolded: fold other modules first.`);
      return;
    }
    const id = view.shown()?.drawnIdOf(recordedId) ?? recordedId;
    const rect = view.scene.rect(id);
    if (rect) view.viewport.approach(rect);
    this.followed = dimsOthers ? id : null;
    this.applyFade();
    // The selection is shown already.
    view.showMessage(dimsOthers ? message : "");
  }
}
