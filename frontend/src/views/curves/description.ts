/** A text on the curves for screen readers. */

import { formatCount, formatValue } from "../../parts/format";
import type { Line, Quantity } from "./quantities";

/** Returns "loss 0.52 at step 1,200, from 2.3 at step 0", and the same for each further line. */
export function describe(quantities: readonly Quantity[]): string {
  const facts = quantities.flatMap(({ lines }) =>
    lines.map((line) => describeLine(line.part ?? line)),
  );
  return `Curves over steps. ${facts.join("; ")}.`;
}

function describeLine({ name, table, column }: Line): string {
  const newest = table.latest()?.[column];
  if (newest === undefined) return `${name} has no value yet`;
  const fact = `${name} ${formatValue(newest)} at step ${formatCount(table.lastStep)}`;
  const { steps, values } = table.points(column);
  const [step, value] = [steps[0] ?? table.lastStep, values[0] ?? newest];
  return step === table.lastStep
    ? fact
    : `${fact}, from ${formatValue(value)} at step ${formatCount(step)}`;
}
