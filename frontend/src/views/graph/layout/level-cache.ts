/** Layouts of levels that were made before: most levels of a picture are those of the one before. */

const MAX_LEVELS = 400;

export class LevelCache {
  private readonly layouts = new Map<string, string>();

  /** The layout of a DOT source, made by `make` where it is not known. */
  async get(dot: string, make: (dot: string) => Promise<string>): Promise<string> {
    const known = this.layouts.get(dot) ?? (await make(dot));
    // The newest stand last.
    this.layouts.delete(dot);
    this.layouts.set(dot, known);
    const oldest = this.layouts.keys().next();
    if (this.layouts.size > MAX_LEVELS && !oldest.done) this.layouts.delete(oldest.value);
    return known;
  }
}
