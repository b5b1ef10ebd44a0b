/** Separates the name of a metric into the quantity and the part of the data it was computed on. */

export interface SplitName {
  /** What was measured: "accuracy" for "val_accuracy", "train/accuracy" and "accuracy". */
  readonly quantity: string;
  /** The part of the data in lower case, for example "val"; null if the name has none. */
  readonly split: string | null;
}

const SPLITS = "train|training|valid|validation|val|testing|test|evaluation|eval|dev|holdout";
/** Series of another process that trains the same model. */
const RANK = /^(rank[0-9]+)\/(.+)$/;
const SEPARATOR = "[ _./:-]+";
const PREFIX = new RegExp(`^(${SPLITS})${SEPARATOR}(.+)$`, "i");
const SUFFIX = new RegExp(`^(.+?)${SEPARATOR}(${SPLITS})$`, "i");
const CAMEL_CASE = new RegExp(`^(${SPLITS})([A-Z])(.*)$`);
/** Lightning's names of a metric that is logged in each step and as the mean of an epoch. */
const REDUCTION = new RegExp(`^(.*[a-z0-9])${SEPARATOR}(?:step|epoch)$`, "i");
/** Names that end in "test" in the sense of statistics or of software: "t_test", "ab_test". */
const KIND_OF_TEST = /^(?:[a-z]|ab|a[ _-]b|chi2?|ks|unit|smoke|stress|turing)[ _./:-]+test$/i;

/** Splits a name at a whole word for a part of the data, at its begin or end. */
export function splitOf(name: string): SplitName {
  const [, rank, series] = RANK.exec(name) ?? [];
  if (rank !== undefined && series !== undefined) {
    const { quantity, split } = splitOfSeries(series);
    return { quantity, split: split === null ? rank : `${rank}/${split}` };
  }
  return splitOfSeries(name);
}

function splitOfSeries(name: string): SplitName {
  const [, prefix, rest] = PREFIX.exec(name) ?? camelCase(name) ?? [];
  if (prefix !== undefined && rest !== undefined) {
    return { quantity: REDUCTION.exec(rest)?.[1] ?? rest, split: prefix.toLowerCase() };
  }
  const [, quantity, suffix] = SUFFIX.exec(name) ?? [];
  if (quantity === undefined || suffix === undefined || KIND_OF_TEST.test(name)) {
    return { quantity: name, split: null };
  }
  return { quantity, split: suffix.toLowerCase() };
}

function camelCase(name: string): readonly [string, string, string] | null {
  const [whole, prefix, first, rest] = CAMEL_CASE.exec(name) ?? [];
  if (whole === undefined || !prefix || !first) return null;
  return [whole, prefix, `${first.toLowerCase()}${rest}`];
}
