/** A cache of layouts by DOT source; most levels of a graph are the same in the next drawing. */

const MAX_LEVELS = 400;

export class LevelCache {
  private readonly layouts = new Map<string, string>();

  /** Returns the layout of a DOT source, from `make` if it is not cached. */
  async get(dot: string, make: (dot: string) => Promise<string>): Promise<string> {
    const known = this.layouts.get(dot) ?? (await make(dot));
    // Moves the entry to the end; the first entry is removed first.
    this.layouts.delete(dot);
    this.layouts.set(dot, known);
    const oldest = this.layouts.keys().next();
    if (this.layouts.size > MAX_LEVELS && !oldest.done) this.layouts.delete(oldest.value);
    return known;
  }
}
