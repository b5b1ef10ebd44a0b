/** Which modules of the tree are unfolded: what fits at first, and what the user has changed. */

import { pathOf } from "../../parts/selection";
import type { ViewSettings } from "../../parts/view-settings";
import type { Layer, LayerTree } from "./layers";

/** Number of rows up to which modules are unfolded at first. */
const MAX_UNFOLDED = 40;
const SETTING = "layers folding";

interface Saved {
  readonly all: boolean | null;
  readonly single: readonly (readonly [path: string, isOpen: boolean])[];
}

export class Folding {
  /** Whether the user has unfolded or folded all modules; null if neither. */
  private all: boolean | null;
  /** Whether the user has unfolded or folded a single module since. */
  private readonly single: Map<string, boolean>;
  private tree: LayerTree | null = null;
  /** The modules of the tree that are unfolded at first. */
  private initial: ReadonlySet<string> = new Set();

  constructor(private readonly settings: ViewSettings) {
    const saved = settings.get(SETTING);
    const { all, single }: Saved = saved === null ? { all: null, single: [] } : JSON.parse(saved);
    this.all = all;
    this.single = new Map(single);
  }

  /** Sets the tree whose modules are unfolded and folded. */
  use(tree: LayerTree): void {
    if (tree === this.tree) return;
    this.tree = tree;
    this.initial = initiallyOpen(tree);
  }

  isOpen({ path, children }: Layer): boolean {
    const isChosen = this.single.get(path) ?? this.all ?? this.initial.has(path);
    return children.length > 0 && isChosen;
  }

  toggle(path: string): void {
    const layer = this.tree?.byPath.get(path);
    if (layer) this.set(path, !this.isOpen(layer));
  }

  setAll(isOpen: boolean): void {
    this.all = isOpen;
    this.single.clear();
    this.save();
  }

  /** Unfolds the modules around a selected parameter or module. */
  unfoldAround(selected: string): void {
    const parts = pathOf(selected).split(".");
    for (const length of parts.keys()) {
      const layer = this.tree?.byPath.get(parts.slice(0, length).join("."));
      if (layer && layer.children.length > 0 && !this.isOpen(layer)) this.set(layer.path, true);
    }
  }

  /** Returns the rows of the tree: the model itself only if there is no module in it. */
  rows(): readonly Layer[] {
    const list = (layers: readonly Layer[]): readonly Layer[] =>
      layers.flatMap((layer) => [layer, ...(this.isOpen(layer) ? list(layer.children) : [])]);
    if (!this.tree) return [];
    const { model } = this.tree;
    return model.children.length > 0 ? list(model.children) : [model];
  }

  private set(path: string, isOpen: boolean): void {
    this.single.set(path, isOpen);
    this.save();
  }

  private save(): void {
    const saved: Saved = { all: this.all, single: [...this.single] };
    this.settings.set(SETTING, JSON.stringify(saved));
  }
}

/** Returns the modules to unfold: level by level while there is room. */
function initiallyOpen({ model }: LayerTree): ReadonlySet<string> {
  const opened = new Set<string>();
  let count = model.children.length;
  let level = model.children;
  while (level.length > 0) {
    const next: Layer[] = [];
    for (const { path, children } of level) {
      if (children.length === 0 || count + children.length > MAX_UNFOLDED) continue;
      opened.add(path);
      count += children.length;
      next.push(...children);
    }
    level = next;
  }
  return opened;
}
