/** Aligns two sequences that are equal except for a few elements. */

/** Number of comparisons above which only equal beginnings are aligned. */
const MAX_COMPARISONS = 4_000_000;

/**
 * Returns for each element of `one` the index of its counterpart in `other`, null without one. As
 * many elements as possible have one, in the same order.
 */
export function aligned(
  one: readonly number[],
  other: readonly number[],
): readonly (number | null)[] {
  const head = equalBeginning(one, other);
  const [left, right] = [one.slice(head), other.slice(head)];
  const start = Array.from({ length: head }, (_, index) => index);
  if (left.length * right.length > MAX_COMPARISONS) return [...start, ...left.map(() => null)];
  const rest = longestCommon(left, right);
  return [...start, ...rest.map((index) => (index === null ? null : index + head))];
}

function equalBeginning(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return length;
}

/** Returns the counterparts in a longest common subsequence. */
function longestCommon(
  one: readonly number[],
  other: readonly number[],
): readonly (number | null)[] {
  const width = other.length + 1;
  const lengths = new Int32Array((one.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = other.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        one[row] === other[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const found: (number | null)[] = [];
  let column = 0;
  for (let row = 0; row < one.length; row += 1) {
    while (
      column < other.length &&
      one[row] !== other[column] &&
      at(row, column + 1) === at(row, column)
    )
      column += 1;
    const matches = column < other.length && one[row] === other[column];
    found.push(matches ? column : null);
    if (matches) column += 1;
  }
  return found;
}
