/** Goes to what a person looks for, and follows what flows through a box. */

import type { Scene } from "./drawing/scene";
import type { Viewport } from "./drawing/viewport";
import { related } from "./model/connected";
import { Hits } from "./model/search";
import type { Contents } from "./model/shown-graph";
import type { VisibleEdge } from "./model/visible-graph";
import type { Choices } from "./structure/collapsed-graph";

/** What the explorer needs of the view that it is part of. */
export interface Explored {
  readonly scene: Scene;
  readonly viewport: Viewport;
  contents(): Contents | null;
  edges(): readonly VisibleEdge[];
  /** Opens what is around something of the whole graph, in the passes where it is. */
  show(choices: Choices, id: string): Promise<boolean>;
  say(words: string): void;
}

export class Explorer {
  private followed: string | null = null;
  private readonly hits = new Hits();

  constructor(private readonly view: Explored) {}

  /** Leaves bright what a box was computed from and what is computed from it; again: all. */
  toggle(id: string | null): void {
    this.followed = id === this.followed ? null : id;
    this.show();
  }

  /** Fades what is drawn anew. */
  show(): void {
    const { scene } = this.view;
    if (this.followed !== null && !scene.rect(this.followed)) this.followed = null;
    scene.fade(this.followed === null ? null : related(this.view.edges(), this.followed));
  }

  /** Opens what is around the next hit, brings it into view and follows its tensors. */
  async find(words: string): Promise<void> {
    const { view } = this;
    const contents = view.contents();
    if (!contents) return;
    const hit = this.hits.next(contents.whole, words);
    if (!hit) {
      view.say(`Nothing in this graph is called “${words.trim()}”.`);
      return;
    }
    if (!(await view.show(contents.choicesFor(hit.id), hit.id))) {
      view.say(`${hit.said}; it cannot be unfolded: fold other modules first.`);
      return;
    }
    const id = view.contents()?.idOf(hit.id) ?? hit.id;
    const rect = view.scene.rect(id);
    if (rect) view.viewport.approach(rect);
    this.followed = id;
    this.show();
    view.say(hit.said);
  }
}
