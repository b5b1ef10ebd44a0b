import { describe, expect, it } from "vitest";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { splitOf } from "../../../src/views/curves/splits";
import { tableOf } from "./sample";

describe("the part of the data in a name", () => {
  it.each([
    ["val_loss", "loss", "val"],
    ["validation_loss", "loss", "validation"],
    ["valid_loss", "loss", "valid"],
    ["test_loss", "loss", "test"],
    ["loss/validation", "loss", "validation"],
    ["eval/loss", "loss", "eval"],
    ["train_acc", "acc", "train"],
    ["Val Accuracy", "Accuracy", "val"],
    ["accuracy.test", "accuracy", "test"],
    ["f1_val", "f1", "val"],
    ["val/loss/kl", "loss/kl", "val"],
    ["valLoss", "loss", "val"],
    ["train_loss_epoch", "loss", "train"],
    ["val_loss_step", "loss", "val"],
    ["top-5 val", "top-5", "val"],
    ["rank1/loss", "loss", "rank1"],
    ["rank12/val_accuracy", "accuracy", "rank12/val"],
  ])("of %s is found", (name, quantity, split) => {
    expect(splitOf(name)).toEqual({ quantity, split });
  });

  it.each([
    "loss",
    "value",
    "values_mean",
    "training",
    "test",
    "contest_score",
    "latest",
    "interval",
    "device_memory",
    "trainable",
    "evaluated",
    "validity",
    "t_test",
    "ab_test",
    "retrain_loss",
    "loss_epoch",
    "kl",
  ])("is not found in %s", (name) => {
    expect(splitOf(name)).toEqual({ quantity: name, split: null });
  });
});

describe("panels", () => {
  const panels = (...names: string[]) =>
    quantitiesOf([
      tableOf("loss", "loss", [1]),
      ...names.map((name) => tableOf("metric", name, [1])),
    ]).map(({ title, lines }) => [title, lines.map(({ name }) => name)]);

  it("contain the training and the validation values of a quantity", () => {
    expect(panels("val_loss", "accuracy", "val_accuracy", "train_acc", "val_acc")).toEqual([
      ["loss", ["loss", "val_loss"]],
      ["accuracy", ["accuracy", "val_accuracy"]],
      ["acc", ["train_acc", "val_acc"]],
    ]);
  });

  it("ignore the case of names", () => {
    expect(panels("Val_Loss", "Accuracy", "val_accuracy")).toEqual([
      ["loss", ["loss", "Val_Loss"]],
      ["Accuracy", ["Accuracy", "val_accuracy"]],
    ]);
  });

  it("have the whole name of a line that is alone", () => {
    expect(panels("val_accuracy", "loss/kl")).toEqual([
      ["loss", ["loss"]],
      ["val_accuracy", ["val_accuracy"]],
      ["loss/kl", ["loss/kl"]],
    ]);
  });
});
