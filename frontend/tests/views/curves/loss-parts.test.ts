import { describe, expect, it, vi } from "vitest";
import type { SeriesTable } from "../../../src/session";
import { LossStack, lossParts } from "../../../src/views/curves/loss-parts";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { tableOf } from "./sample";

const KL = [0.5, 0.4, 0.35, 0.3, 0.25, 0.2];
const RECONSTRUCTION = [2, 1.5, 1.25, 1, 0.75, 0.5];
const SUM = KL.map((value, step) => Math.fround(value + (RECONSTRUCTION[step] as number)));

const metric = (name: string, values: readonly number[]) => tableOf("metric", name, values);
const namesOf = (...tables: SeriesTable[]) =>
  lossParts(quantitiesOf(tables)).map(({ name }) => name);
const loss = tableOf("loss", "loss", SUM);
const kl = metric("kl", KL);
const reconstruction = metric("reconstruction", RECONSTRUCTION);

describe("the parts of the loss", () => {
  it("are metrics that add up to it", () => {
    expect(namesOf(loss, kl, reconstruction)).toEqual(["kl", "reconstruction"]);
  });

  it("are found among other metrics", () => {
    const accuracy = metric("accuracy", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    const copy = metric("train_loss", SUM);
    const tiny = metric("rate", Array(6).fill(1e-6));
    expect(namesOf(loss, accuracy, copy, reconstruction, tiny, kl)).toEqual([
      "reconstruction",
      "kl",
    ]);
  });

  it("are found with all others that belong to the sum", () => {
    const half = KL.map((value) => value / 2);
    expect(namesOf(loss, reconstruction, metric("a", half), metric("b", half))).toEqual([
      "reconstruction",
      "a",
      "b",
    ]);
  });

  it("are found where they are logged before the step", () => {
    expect(namesOf(tableOf("loss", "loss", [9, ...SUM]), kl, reconstruction)).toHaveLength(2);
  });

  it("are found with the precision of 16 bits", () => {
    const coarse = SUM.map((value) => value * 1.0008);
    expect(namesOf(tableOf("loss", "loss", coarse), kl, reconstruction)).toHaveLength(2);
  });

  it("are none if they are weighted in the loss", () => {
    const weighted = KL.map((value, step) => 0.1 * value + (RECONSTRUCTION[step] as number));
    expect(namesOf(tableOf("loss", "loss", weighted), kl, reconstruction)).toEqual([]);
  });

  it("are none if one is negative", () => {
    const negative = metric("entropy", [-1, ...KL.slice(1)]);
    const total = [1, ...SUM.slice(1)];
    expect(namesOf(tableOf("loss", "loss", total), negative, reconstruction)).toEqual([]);
  });

  it("are none at too few steps, or with several losses", () => {
    expect(namesOf(loss, metric("kl", KL.slice(0, 3)), reconstruction)).toEqual([]);
    const second = { ...loss, id: "loss/D", names: ["loss/D"] };
    expect(namesOf(loss, second, kl, reconstruction)).toEqual([]);
    expect(namesOf(kl, reconstruction)).toEqual([]);
  });
});

describe("the stack of the parts", () => {
  it("has the running sums as lines, each with its own curve", () => {
    const areas = new LossStack().areasOf(quantitiesOf([loss, kl, reconstruction]));
    expect(areas.map(({ part }) => part?.name)).toEqual(["kl", "reconstruction"]);
    const [first, second] = areas.map(({ table, column }) => table.points(column).values);
    expect([...(first ?? [])]).toEqual([...Float32Array.from(KL)]);
    expect([...(second ?? [])]).toEqual(SUM.map((value) => expect.closeTo(value)));
    expect(areas[1]?.table.latest()?.[1]).toBeCloseTo(SUM.at(-1) ?? 0);
  });

  it("interpolates a curve of which other steps are stored", () => {
    const other = metric("reconstruction", RECONSTRUCTION);
    const areas = new LossStack().areasOf(quantitiesOf([loss, kl, other]));
    other.points = () => ({ steps: Float64Array.of(0, 2, 5), values: Float32Array.of(2, 1, 4) });
    const { values } = areas[1]?.table.points(1) ?? { values: [] };
    const own = [2, 1.5, 1, 2, 3, 4];
    expect([...values]).toEqual(own.map((value, step) => expect.closeTo(value + (KL[step] ?? 0))));
  });

  it("is searched again when the number of steps has doubled, not in every drawing", () => {
    const table = metric("late", KL);
    const read = vi.spyOn(table, "points");
    const stack = new LossStack();
    const all = () => quantitiesOf([loss, table]);
    stack.areasOf(all());
    const { length } = read.mock.calls;
    stack.areasOf(all());
    expect(read.mock.calls).toHaveLength(length);
    Object.assign(table, { lastStep: 10 });
    stack.areasOf(all());
    expect(read.mock.calls.length).toBeGreaterThan(length);
  });
});
