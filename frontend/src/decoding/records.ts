/** Objects whose keys are names from a run. */

/**
 * Returns a copy without a prototype, in which a name such as "constructor" has no value unless the
 * run gave it one.
 */
export function recordOf<T>(data: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null), data);
}
