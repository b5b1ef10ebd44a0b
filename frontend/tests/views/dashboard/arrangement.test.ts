import { describe, expect, it } from "vitest";
import {
  type Arrangement,
  bringToFront,
  CARD_NAMES,
  columnsFor,
  freeGroup,
  frontOf,
  INITIAL,
  MAX_HEIGHT,
  MIN_HEIGHT,
  move,
  narrow,
  parse,
  shift,
  shiftVisibly,
  shownGroups,
  toggleFolded,
  widen,
  withHeight,
} from "../../../src/views/dashboard/arrangement";

function cardsOf({ groups, rows }: Arrangement): string[] {
  return [...groups.flat(), ...rows].sort();
}

const ALL = [...CARD_NAMES].sort();

describe("the initial arrangement", () => {
  it("contains each card once", () => {
    expect(cardsOf(INITIAL)).toEqual(ALL);
  });

  it("shows the graph beside the curves in two columns, and on its own in three", () => {
    const [curves, others] = shownGroups(INITIAL, 2);
    expect(curves?.cards).toEqual(["curves"]);
    expect(frontOf(INITIAL, others?.cards ?? [])).toBe("graph");
    const [, graph, rest] = shownGroups(INITIAL, 3);
    expect(graph?.cards).toEqual(["graph"]);
    expect(frontOf(INITIAL, rest?.cards ?? [])).toBe("gradients");
  });

  it("has one, two or three columns, depending on the width", () => {
    expect([400, 960, 1200, 1500, 2400].map(columnsFor)).toEqual([1, 2, 2, 3, 3]);
  });
});

describe("a moved card", () => {
  it("is before the card on which it was dropped, in that card's group, and in front", () => {
    const moved = move(INITIAL, "details", { group: 1, before: "activations" });
    expect(moved.groups[2]?.slice(0, 3)).toEqual(["gradients", "details", "activations"]);
    expect(frontOf(moved, moved.groups[2] ?? [])).toBe("details");
    expect(cardsOf(moved)).toEqual(ALL);
  });

  it("stays where it is if it was dropped on itself", () => {
    expect(move(INITIAL, "graph", { group: 1, before: "graph" })).toBe(INITIAL);
  });

  it("leaves no empty group behind", () => {
    const moved = move(INITIAL, "graph", { group: 0, before: null });
    expect(shownGroups(moved, 3).map(({ cards }) => cards[0])).toEqual(["curves", "gradients"]);
  });

  it("is shifted through its group into the next", () => {
    const once = shift(INITIAL, "gradients", 1);
    expect(once.groups[2]?.slice(0, 2)).toEqual(["activations", "gradients"]);
    const back = shift(shift(once, "gradients", -1), "gradients", -1);
    expect(back.groups[1]).toEqual(["graph", "gradients"]);
    expect(shift(INITIAL, "curves", -1)).toBe(INITIAL);
    expect(cardsOf(back)).toEqual(ALL);
  });
});

describe("a card that is moved by a key", () => {
  it("passes cards that are not offered, and the limit between groups that are shown as one", () => {
    const isOffered = (name: string) => name !== "samples";
    const cards = (arrangement: Arrangement) => shownGroups(arrangement, 2, isOffered)[1]?.cards;
    const once = shiftVisibly(INITIAL, "graph", 1, 2, isOffered);
    expect(cards(once)?.slice(0, 3)).toEqual(["gradients", "graph", "activations"]);
    const passed = shiftVisibly(INITIAL, "layers", 1, 2, isOffered);
    expect(cards(passed)?.slice(3, 5)).toEqual(["findings", "layers"]);
    expect(shiftVisibly(INITIAL, "details", 1, 2)).toBe(INITIAL);
  });
});

describe("a free column", () => {
  it("is offered if all cards are in fewer columns than fit", () => {
    const all = CARD_NAMES.reduce(
      (now: Arrangement, name) => move(now, name, { group: 2, before: null }),
      INITIAL,
    );
    expect(freeGroup(all, 2)).toBe(0);
    expect(shownGroups(move(all, "curves", { group: 0, before: null }), 2)).toHaveLength(2);
    expect([1, 2, 3].map((columns) => freeGroup(INITIAL, columns))).toEqual([null, null, null]);
    expect(freeGroup(move(INITIAL, "graph", { group: 0, before: null }), 3)).toBe(1);
  });
});

describe("a card at full width", () => {
  it("is in a row, which is folded and unfolded, and goes back to its group", () => {
    const wide = widen(INITIAL, "gradients");
    expect(wide.rows).toEqual(["gradients"]);
    const folded = toggleFolded(wide, "gradients");
    expect(folded.folded).toEqual(["gradients"]);
    expect(toggleFolded(folded, "gradients").folded).toEqual([]);
    expect(bringToFront(folded, "gradients").folded).toEqual([]);
    const back = narrow(folded, "gradients");
    expect(back.rows).toEqual([]);
    expect(back.groups[2]).toContain("gradients");
  });

  it("changes places with the other rows", () => {
    const wide = widen(widen(INITIAL, "graph"), "gradients");
    expect(shift(wide, "gradients", -1).rows).toEqual(["gradients", "graph"]);
    expect(shift(wide, "gradients", 1).rows).toEqual(["graph", "gradients"]);
  });
});

describe("a stored arrangement", () => {
  it("is restored", () => {
    const stored = toggleFolded(withHeight(widen(INITIAL, "graph"), 512), "graph");
    expect(parse(JSON.stringify(stored))).toEqual(stored);
  });

  it.each(["", "null", "[]", "{", '{"groups": 3}', '"text"'])("is refused if it is %j", (text) => {
    expect(parse(text)).toBeNull();
  });

  it("gets the cards that it lacks, and loses unknown and repeated ones", () => {
    const text = '{"groups": [["curves", "graph", "curves", "other"], 3], "rows": ["graph"]}';
    const parsed = parse(text);
    expect(parsed && cardsOf(parsed)).toEqual(ALL);
    expect(parsed?.groups[0]).toEqual(["curves", "graph"]);
  });

  it("has a height within the limits", () => {
    const heights = [-5, 1e9].map(
      (height) => parse(JSON.stringify({ ...INITIAL, height }))?.height,
    );
    expect(heights).toEqual([MIN_HEIGHT, MAX_HEIGHT]);
  });
});
