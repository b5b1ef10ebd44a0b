import { expect, it } from "vitest";
import { ProgressHistory } from "../../src/history/progress-history";
import { StepKnots } from "../../src/history/step-knots";
import { stateOf } from "../fake-channel";

it("is bounded, and contains the newest value", () => {
  const knots = new StepKnots(0.1);
  for (let step = 1; step <= 100_000; step++) knots.add(step, step / 50);
  expect(knots.steps.length).toBeLessThanOrEqual(401);
  expect(knots.steps.at(-1)).toBe(100_000);
  expect(knots.values.at(-1)).toBe(2000);
  expect(knots.steps.every((step, index) => knots.values[index] === step / 50)).toBe(true);
});

it("has both ends of a pause", () => {
  const history = ProgressHistory.empty();
  for (const elapsed of [10, 12, 14, 20]) {
    history.add(stateOf({ status: "paused", step: 100, elapsed }));
  }
  history.add(stateOf({ step: 101, elapsed: 20.2 }));
  expect(history.seconds).toMatchObject({ steps: [100, 100, 101], values: [10, 20, 20.2] });
});

it("continues what the kernel has recorded", () => {
  const seconds = { steps: [1, 50], values: [0.5, 5] };
  const epochs = { steps: [0], values: [0] };
  const history = ProgressHistory.fromSnapshot({ epochs, seconds }, null);
  const epoch_start = { number: 2, step: 64, steps: 64, logged_from: null };
  history.add(stateOf({ step: 70, elapsed: 7, epoch_start }));
  expect(history.epochs).toMatchObject({ steps: [0, 64], values: [0, 1] });
  expect(history.seconds).toMatchObject({ steps: [1, 50, 70], values: [0.5, 5, 7] });
});

it("excludes the time after the loop", () => {
  const history = ProgressHistory.empty();
  history.add(stateOf({ step: 10, elapsed: 1 }));
  history.add(stateOf({ status: "finished", step: 12, elapsed: 600 }));
  expect(history.seconds.values).toEqual([1]);
});

it("replaces the epochs of the loader by those that are logged", () => {
  const history = ProgressHistory.empty();
  const counted = { number: 9, step: 80, steps: 10, logged_from: null };
  history.add(stateOf({ step: 85, epoch_start: counted }));
  for (const [step, epochs] of [
    [100, 1],
    [150, 1.5],
  ] as const) {
    const epoch_start = { number: epochs + 1, step, steps: 10, logged_from: [0, 0] as const };
    history.add(stateOf({ step, epoch_start }));
  }
  expect(history.epochs).toMatchObject({ steps: [0, 100, 150], values: [0, 1, 1.5] });
});

it("continues the logged epochs of a snapshot", () => {
  const epochs = { steps: [0, 100, 200], values: [0, 1, 2] };
  const newest = { number: 3, step: 200, steps: null, logged_from: [0, 0] as const };
  const none = { steps: [], values: [] };
  const history = ProgressHistory.fromSnapshot({ epochs, seconds: none }, newest);
  history.add(stateOf({ step: 205, epoch_start: newest }));
  expect(history.epochs).toMatchObject(epochs);
});
