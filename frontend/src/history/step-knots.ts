/** Values that rise with the steps, stored at some of them; as in `labkit/run/step_knots.py`. */

import type { Knots } from "../messages/run";

const MAX_KNOTS = 400;

export class StepKnots implements Knots {
  steps: number[] = [];
  values: number[] = [];

  /** `spacing` is the smallest difference of two values, apart from the newest. */
  constructor(private spacing: number) {}

  addAll({ steps, values }: Knots): void {
    steps.forEach((step, index) => {
      this.add(step, values[index] as number);
    });
  }

  /** Adds a value after a step; has no effect if the step or the value is lower than before. */
  add(step: number, value: number): void {
    const { steps, values } = this;
    const last = steps.length - 1;
    const isLower = step < (steps[last] ?? 0) || value < (values[last] ?? 0);
    if (isLower || (step === steps[last] && value === values[last])) return;
    const index = this.replacesNewest(step) ? last : last + 1;
    steps[index] = step;
    values[index] = value;
    if (steps.length > MAX_KNOTS) this.thinOut();
  }

  private replacesNewest(step: number): boolean {
    const { steps, values } = this;
    const last = steps.length - 1;
    if (last < 1) return false;
    if (step === steps[last]) return steps[last - 1] === step;
    return (values[last] as number) - (values[last - 1] as number) < this.spacing;
  }

  private thinOut(): void {
    const last = this.steps.length - 1;
    const isKept = (_: number, index: number) => index % 2 === 0 || index === last;
    this.spacing *= 2;
    this.steps = this.steps.filter(isKept);
    this.values = this.values.filter(isKept);
  }
}
