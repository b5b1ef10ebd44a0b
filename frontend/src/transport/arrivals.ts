/**
 * Records when parts of large messages arrive: over a slow line a script takes seconds, in which a
 * reply that is missing may be on its way behind it.
 */

export class Arrivals {
  private lastAt = Number.NEGATIVE_INFINITY;

  /** Records that a part of a large message has arrived. */
  note(): void {
    this.lastAt = performance.now();
  }

  /**
   * Calls a function when no part has arrived for some time, in ms, counted from now at the
   * earliest; returns the function that cancels it.
   */
  afterSilence(time: number, call: () => void): () => void {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (from: number) => {
      timer = setTimeout(() => (this.lastAt > from ? wait(this.lastAt) : call()), left(from));
    };
    const left = (from: number) => from + time - performance.now();
    wait(performance.now());
    return () => clearTimeout(timer);
  }
}
