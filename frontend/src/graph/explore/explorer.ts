/** Goes to what a person looks for, and follows what flows through a box. */

import type { GraphData } from "../../protocol";
import { countVisible, MOST_VISIBLE, type VisibleEdge, visibleGraph } from "../fold";
import type { Scene } from "../scene";
import type { Viewport } from "../viewport";
import { related } from "./follow";
import { Hits } from "./search";

/** What the explorer needs of the view that it is part of. */
export interface Explored {
  readonly scene: Scene;
  readonly viewport: Viewport;
  graph(): GraphData | null;
  /** The modules that are open, or are about to be. */
  opened(): ReadonlySet<string>;
  edges(): readonly VisibleEdge[];
  open(modules: ReadonlySet<string>): Promise<void>;
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
    const graph = view.graph();
    if (!graph) return;
    const hit = this.hits.next(graph, words);
    if (!hit) {
      view.say(`Nothing in this graph is called “${words.trim()}”.`);
      return;
    }
    const open = new Set([...view.opened(), ...hit.around]);
    if (countVisible(visibleGraph(graph, open)) > MOST_VISIBLE) {
      view.say(`${hit.said}; it cannot be unfolded: fold other modules first.`);
      return;
    }
    await view.open(open);
    const rect = view.scene.rect(hit.id);
    view.viewport.touched = true;
    if (rect) view.viewport.reveal(rect);
    this.followed = hit.id;
    this.show();
    view.say(hit.said);
  }
}
