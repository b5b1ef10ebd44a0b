/**
 * Where the cards of a dashboard are: in groups of tabs beside each other, or at full width below.
 *
 * An arrangement is a value; each function returns a new one. It is stored as JSON.
 */

export const CARD_NAMES = [
  "curves",
  "gradients",
  "activations",
  "layers",
  "samples",
  "findings",
  "tuning",
  "details",
  "graph",
] as const;

export type CardName = (typeof CARD_NAMES)[number];

export function isCard(name: string): name is CardName {
  return CARD_NAMES.some((each) => each === name);
}

export interface Arrangement {
  /** The groups of tabs from left to right, each with its cards in order. */
  readonly groups: readonly (readonly CardName[])[];
  /** The cards at full width below the groups, from top to bottom. */
  readonly rows: readonly CardName[];
  /** The cards of `rows` of which only the title is shown. */
  readonly folded: readonly CardName[];
  /** The cards that were in front, the newest first. */
  readonly recent: readonly CardName[];
  /** Height of the groups in px. */
  readonly height: number;
  /** Whether only one line and one curve are shown. */
  readonly compact: boolean;
}

export const MIN_HEIGHT = 240;
export const MAX_HEIGHT = 1600;
/** Number of groups beside each other from this width on, in px. */
const WIDTHS: readonly (readonly [columns: number, width: number])[] = [
  [3, 1500],
  [2, 960],
];

export const INITIAL: Arrangement = {
  groups: [
    ["curves"],
    ["graph"],
    ["gradients", "activations", "layers", "samples", "findings", "tuning", "details"],
  ],
  rows: [],
  folded: [],
  recent: ["graph"],
  height: 400,
  compact: false,
};

/** Where a card is put: before another card, or at the end, of a group or of the rows. */
export interface Place {
  readonly group: number | "rows";
  readonly before: CardName | null;
}

/** Returns the number of groups that fit beside each other. */
export function columnsFor(width: number): number {
  return WIDTHS.find(([, least]) => width >= least)?.[0] ?? 1;
}

/**
 * Returns the groups that are drawn, with their numbers and the cards that are offered: without
 * empty ones, and with the last two in one unless there is room for three.
 */
export function shownGroups(
  { groups }: Arrangement,
  columns: number,
  isOffered: (name: CardName) => boolean = () => true,
): { readonly group: number; readonly cards: readonly CardName[] }[] {
  const [first = [], ...others] = groups;
  const joined = columns >= 3 ? others : [others.flat()];
  return [first, ...joined]
    .map((cards, group) => ({ group, cards: cards.filter(isOffered) }))
    .filter(({ cards }) => cards.length > 0);
}

/** Returns the card of a group that is in front: the one that most recently was, of those offered. */
export function frontOf({ recent }: Arrangement, cards: readonly CardName[]): CardName | undefined {
  return recent.find((name) => cards.includes(name)) ?? cards[0];
}

/** Brings a card to the front of its group, or unfolds it. */
export function bringToFront(arrangement: Arrangement, name: CardName): Arrangement {
  const recent = [name, ...without(arrangement.recent, name)];
  return { ...arrangement, recent, folded: without(arrangement.folded, name) };
}

/** Puts a card to a place, in front. A place before a card of a group is in that card's group. */
export function move(arrangement: Arrangement, name: CardName, place: Place): Arrangement {
  const { before } = place;
  if (before === name) return arrangement;
  const owner = arrangement.groups.findIndex((cards) => before !== null && cards.includes(before));
  const target = place.group === "rows" || owner < 0 ? place.group : owner;
  const groups = arrangement.groups.map((cards, index) =>
    placed(without(cards, name), name, index === target ? before : undefined),
  );
  const rows = without(arrangement.rows, name);
  const moved = placed(rows, name, target === "rows" ? before : undefined);
  return bringToFront({ ...arrangement, groups, rows: moved }, name);
}

/** Moves a card by one place: among the rows, or through its group into the next one. */
export function shift(arrangement: Arrangement, name: CardName, by: -1 | 1): Arrangement {
  const { groups, rows } = arrangement;
  const owner = groups.findIndex((cards) => cards.includes(name));
  const own = groups[owner] ?? rows;
  const other = own[own.indexOf(name) + by];
  if (other !== undefined) {
    const swap = (cards: readonly CardName[]) =>
      cards.map((card) => (card === name ? other : card === other ? name : card));
    return { ...arrangement, groups: groups.map(swap), rows: swap(rows) };
  }
  const next = groups[owner + by];
  if (owner < 0 || next === undefined) return arrangement;
  const before = by > 0 ? (next[0] ?? null) : null;
  return move(arrangement, name, { group: owner + by, before });
}

/** Moves a card by one place that is seen in this number of columns. */
export function shiftVisibly(
  arrangement: Arrangement,
  name: CardName,
  by: -1 | 1,
  columns: number,
  isOffered: (name: CardName) => boolean = () => true,
): Arrangement {
  const seen = (now: Arrangement) =>
    JSON.stringify([shownGroups(now, columns, isOffered), now.rows.filter(isOffered)]);
  let moved = arrangement;
  while (seen(moved) === seen(arrangement)) {
    const next = shift(moved, name, by);
    if (next === moved) return arrangement;
    moved = next;
  }
  return moved;
}

/** Returns the number of the group that contains a card. */
export function groupOf({ groups }: Arrangement, name: CardName): number {
  return groups.findIndex((cards) => cards.includes(name));
}

/** Returns the number of a group without offered cards, if one more fits beside the others. */
export function freeGroup(
  arrangement: Arrangement,
  columns: number,
  isOffered: (name: CardName) => boolean = () => true,
): number | null {
  const shown = shownGroups(arrangement, columns, isOffered);
  if (shown.length >= columns) return null;
  const isFree = (cards: readonly CardName[]) => !cards.some(isOffered);
  const free = arrangement.groups.findIndex(isFree);
  return free < 0 ? null : free;
}

/** Moves a card from its group to a row of its own. */
export function widen(arrangement: Arrangement, name: CardName): Arrangement {
  return move(arrangement, name, { group: "rows", before: null });
}

/** Moves a card from its row to the group in which it is initially. */
export function narrow(arrangement: Arrangement, name: CardName): Arrangement {
  const group = INITIAL.groups.findIndex((cards) => cards.includes(name));
  return move(arrangement, name, { group, before: null });
}

/** Folds a card of the rows, or unfolds it. */
export function toggleFolded(arrangement: Arrangement, name: CardName): Arrangement {
  const { folded } = arrangement;
  const next = folded.includes(name) ? without(folded, name) : [...folded, name];
  return { ...arrangement, folded: next };
}

export function withHeight(arrangement: Arrangement, height: number): Arrangement {
  return { ...arrangement, height: Math.round(Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, height))) };
}

/** Reads a stored arrangement; returns null if it is not one. Cards that it lacks are added. */
export function parse(text: string | null): Arrangement | null {
  try {
    const stored = JSON.parse(text ?? "null") as Partial<Arrangement> | null;
    if (!stored || !Array.isArray(stored.groups)) return null;
    const known = new Set<CardName>();
    const cards = (value: unknown) => knownCards(value, known);
    const groups = INITIAL.groups.map((_, index) => cards(stored.groups?.[index]));
    const rows = cards(stored.rows);
    const complete = groups.map((each, index) => [
      ...each,
      ...(INITIAL.groups[index] ?? []).filter((name) => !known.has(name)),
    ]);
    const height = typeof stored.height === "number" ? stored.height : INITIAL.height;
    const parsed = {
      groups: complete,
      rows,
      folded: knownCards(stored.folded, new Set()),
      recent: knownCards(stored.recent, new Set()),
      height,
      compact: stored.compact === true,
    };
    return withHeight(parsed, height);
  } catch {
    return null;
  }
}

/** Returns the names of cards in a list, without repetition; adds them to `known`. */
function knownCards(value: unknown, known: Set<CardName>): CardName[] {
  if (!Array.isArray(value)) return [];
  return value.filter((name): name is CardName => {
    if (!isCard(name) || known.has(name)) return false;
    known.add(name);
    return true;
  });
}

/** Returns the cards with one more before another, or at the end; as they are for undefined. */
function placed(
  cards: readonly CardName[],
  name: CardName,
  before: CardName | null | undefined,
): CardName[] {
  if (before === undefined) return [...cards];
  const at = before === null ? -1 : cards.indexOf(before);
  return at < 0 ? [...cards, name] : cards.toSpliced(at, 0, name);
}

function without(cards: readonly CardName[], name: CardName): CardName[] {
  return cards.filter((card) => card !== name);
}
