/** Layouts of levels that were made before: most levels of a picture are those of the one before. */

const MOST = 400;

export class LevelCache {
  private readonly known = new Map<string, string>();

  /** The layout of a DOT source, made by `make` where it is not known. */
  async get(dot: string, make: (dot: string) => Promise<string>): Promise<string> {
    const known = this.known.get(dot) ?? (await make(dot));
    // The newest stand last.
    this.known.delete(dot);
    this.known.set(dot, known);
    const oldest = this.known.keys().next();
    if (this.known.size > MOST && !oldest.done) this.known.delete(oldest.value);
    return known;
  }
}
