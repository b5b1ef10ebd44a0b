/** The entries of the menus: labels, and tooltips that say what each does. */

export interface Entry {
  readonly value: string;
  readonly label: string;
}

function entries(labels: Readonly<Record<string, string>>): Entry[] {
  return Object.entries(labels).map(([value, label]) => ({ value, label }));
}

export const DATA = entries({
  moons: "Moons",
  circles: "Circles",
  spirals: "Spirals",
  three_spirals: "Three spirals (three classes)",
  xor: "Exclusive or",
  gauss: "Two clouds",
  plane: "Plane (values)",
  hills: "Hills (values)",
});
export const ACTIVATIONS = entries({
  tanh: "Tanh",
  relu: "ReLU",
  sigmoid: "Sigmoid",
  gelu: "GELU",
  linear: "Linear (none)",
});
export const CLASS_LOSSES = entries({
  bce: "Cross-entropy",
  mse: "Squared error",
  hinge: "Hinge",
});
export const MANY_CLASSES_LOSSES = entries({ ce: "Cross-entropy", hinge: "Hinge" });
export const VALUE_LOSSES = entries({
  mse: "Squared error",
  l1: "Absolute error",
  huber: "Huber",
});
export const OPTIMIZERS = entries({
  sgd: "SGD",
  momentum: "SGD, momentum 0.9",
  adam: "Adam",
  adamw: "AdamW",
  rmsprop: "RMSprop",
  adagrad: "Adagrad",
});
export const REGULARISATIONS = entries({ none: "None", l1: "L1", l2: "L2" });
export const SPEEDS = entries({
  slow: "One step per picture",
  normal: "One epoch per picture",
  fast: "As fast as it can",
});
export const RATES = [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
export const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
export const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 300];

/** What each setting is, as a tooltip. */
export const EXPLAINED = {
  data: "The points that the network learns. A change begins the training again",
  noise: "Standard deviation of what is added to each point at random",
  split: "How many of the points are for training; the others are for the test",
  batch_size: "Number of points from which each step computes its gradient",
  activation: "What each hidden unit applies to its weighted sum",
  loss: "What the training makes small: a number for how far outputs and targets are apart",
  optimizer: "How weights are changed by their gradients",
  lr: "Learning rate: the size of each step. It can be changed during the training",
  regularisation:
    "Adds the sum of absolute (L1) or squared (L2) weights to the loss, which keeps weights small",
  penalty: "Factor of the regularisation. It can be changed during the training",
  seed: "Number from which points, initial weights and batches are drawn; the same one gives the same training",
  speed: "How much is trained between two pictures",
} as const;

/** The features of a point that can be inputs, as they are written. */
export const FEATURES: Readonly<Record<string, string>> = {
  x1: "x₁",
  x2: "x₂",
  "x1^2": "x₁²",
  "x2^2": "x₂²",
  "x1*x2": "x₁·x₂",
  "sin(x1)": "sin x₁",
  "sin(x2)": "sin x₂",
};
