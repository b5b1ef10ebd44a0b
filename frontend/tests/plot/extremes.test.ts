import { expect, it, vi } from "vitest";
import { pointAt, RunningExtremes } from "../../src/plot/extremes";
import type { Points } from "../../src/session";

function pointsOf(values: readonly number[]): Points {
  return {
    steps: Float64Array.from(values, (_, index) => index + 1),
    values: Float32Array.from(values),
  };
}

it("has the first lowest and highest value with their steps", () => {
  const found = new RunningExtremes().update(pointsOf([3, 1, 5, 1, 5, 2]));
  expect(found).toMatchObject({ low: { value: 1, step: 2 }, high: { value: 5, step: 3 } });
});

it("includes the points that were added since", () => {
  const running = new RunningExtremes();
  const values = [3, 4, 2];
  running.update(pointsOf(values));
  values.push(9, 1);
  expect(running.update(pointsOf(values))).toMatchObject({
    low: { value: 1, step: 5 },
    high: { value: 9, step: 4 },
  });
});

it("reads no point twice, except the newest, which may be replaced", () => {
  const running = new RunningExtremes();
  const { steps, values } = pointsOf(Array.from({ length: 5000 }, (_, index) => index));
  running.update({ steps, values });
  const read = vi.fn((index: number) => values[index]);
  const watched = new Proxy(values, {
    get: (target, name) =>
      typeof name === "string" && /^\d+$/.test(name)
        ? read(Number(name))
        : Reflect.get(target, name, target).bind?.(target),
  });
  running.update({ steps, values: watched });
  expect(read.mock.calls.length).toBeLessThanOrEqual(2);
});

it("excludes a newest value that was replaced", () => {
  const running = new RunningExtremes();
  running.update(pointsOf([3, 2, 100]));
  expect(running.update(pointsOf([3, 2, 1]))).toMatchObject({ high: { value: 3, step: 1 } });
});

it("ignores values that are not finite, and has none without a finite value", () => {
  const mixed = [Number.NaN, 2, Number.POSITIVE_INFINITY];
  expect(new RunningExtremes().update(pointsOf(mixed))?.high).toEqual({ value: 2, step: 2 });
  expect(new RunningExtremes().update(pointsOf([Number.NaN]))).toBeNull();
  expect(new RunningExtremes().update(pointsOf([]))).toBeNull();
});

it("is a bound if merged steps with NaN may have had a higher value", () => {
  const values = Array.from({ length: 3000 }, (_, index) => (index === 7 ? Number.NaN : 1));
  expect(new RunningExtremes().update(pointsOf(values))?.isHighABound).toBe(true);
  expect(new RunningExtremes().update(pointsOf(values.slice(0, 100)))?.isHighABound).toBe(false);
});

it("finds the newest point up to a step", () => {
  const points = { steps: Float64Array.of(2, 4, 9), values: Float32Array.of(1, 2, 3) };
  expect(pointAt(points, 8)).toEqual({ value: 2, step: 4 });
  expect(pointAt(points, 9)).toEqual({ value: 3, step: 9 });
  expect(pointAt(points, 1)).toBeNull();
});
