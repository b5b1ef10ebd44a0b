/** A bounded history of values that belong to steps. */

/** Maximum number of values; with more, every second one is dropped. */
const MAX_VALUES = 16;

export class StepHistory<T extends { readonly step: number }> {
  private values: readonly T[] = [];

  /** Adds a value; its step is not smaller than that of the one before. */
  add(value: T): void {
    const known = this.values.filter(({ step }) => step < value.step);
    const kept = known.length < MAX_VALUES ? known : known.filter((_, place) => place % 2 === 0);
    this.values = [...kept, value];
  }

  /**
   * Returns the newest value that is not later than a step, or the oldest if all are later; for
   * null the newest. Undefined without any.
   */
  at(step: number | null): T | undefined {
    if (step === null) return this.values.at(-1);
    return this.values.findLast((value) => value.step <= step) ?? this.values[0];
  }
}
