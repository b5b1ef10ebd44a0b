/** The norms of a parameter that the page has, for when its values cannot be requested. */

import type { RecordedNorm } from "../messages/values";
import type { SeriesTable } from "../session";

const KINDS = ["weight_norm", "grad_norm"] as const;

export function recordedNorms(tables: readonly SeriesTable[], name: string): RecordedNorm[] {
  return KINDS.flatMap((kind): RecordedNorm[] => {
    const table = tables.find((each) => each.kind === kind && each.names.includes(name));
    if (!table) return [];
    const { steps, values } = table.points(table.names.indexOf(name));
    const [step, value] = [steps.at(-1), values.at(-1)];
    if (step === undefined || value === undefined) return [];
    return [{ kind, step, value: Number.isFinite(value) ? value : null }];
  });
}
