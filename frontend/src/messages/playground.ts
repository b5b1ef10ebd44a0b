/** Messages between the playground's widget and its page. */

import type { TextRequest } from "./page";
import type { BufferIndex } from "./protocol";

/** Whether the network trains; "waiting" while no page shows the playground. */
export type Playing = "playing" | "waiting" | "paused";

/** The settings, named as the arguments of `labkit.playground`. */
export interface PlaygroundSettings {
  readonly data: string;
  readonly noise: number;
  readonly split: number;
  readonly batch_size: number;
  readonly features: readonly string[];
  readonly hidden: readonly number[];
  readonly activation: string;
  readonly loss: string;
  readonly optimizer: string;
  readonly lr: number;
  readonly regularisation: string;
  readonly penalty: number;
  readonly seed: number;
}

/** A column of units after the inputs: a linear layer, or outputs computed in another way. */
export interface PlaygroundLayer {
  /** The layer as code, such as "fc1"; empty for outputs that are no layer's. */
  readonly name: string;
  /** How many units, and weights of each, are drawn, and how many there are. */
  readonly units: number;
  readonly all_units: number;
  readonly inputs: number;
  readonly all_inputs: number;
  /** The column whose units are its inputs, 0 for those of the network; null if not known. */
  readonly source: number | null;
  /** What has to be known of what is not drawn, as sentences. */
  readonly note: string;
}

/** All that changes only when the training begins again. */
export interface PlaygroundSetup {
  readonly type: "setup";
  /** The kernel's protocol version. */
  readonly protocol: number;
  readonly settings: PlaygroundSettings;
  /** Whether the points have values instead of classes. */
  readonly regression: boolean;
  /** One, or the number of classes. */
  readonly outputs: number;
  readonly own_data: boolean;
  /** None for values. */
  readonly class_names: readonly string[];
  /** The class of a model of the user's; null for one that is built from the settings. */
  readonly own_model: string | null;
  /** Why the units are not drawn, as a sentence. */
  readonly why_not_drawn: string | null;
  readonly parameters: number;
  /** Hidden layers and the output; none if the units are not drawn. */
  readonly layers: readonly PlaygroundLayer[];
  readonly inputs: readonly string[];
  readonly steps_per_epoch: number;
  readonly train_points: number;
  /** Lowest and highest x1, lowest and highest x2 of the pictures. */
  readonly plane: readonly [number, number, number, number];
  readonly y_range: readonly [number, number];
  /** float32[n * 3]: x1, x2 and the target of each point, those for training first. */
  readonly points: BufferIndex;
  /**
   * The same of equally many points of each data set that can be chosen, in the order of the menu;
   * empty for own data.
   */
  readonly previews: BufferIndex;
  /** uint8 pictures of all features, as in `PlaygroundFrame`. */
  readonly feature_maps: BufferIndex;
  /** float32, one for each feature. */
  readonly feature_scales: BufferIndex;
  /** float64[k * 3]: step, training loss and test loss. */
  readonly history: BufferIndex;
}

/**
 * The state of the network after a step. In pictures 127 is zero, 0 and 254 are minus and plus the
 * scale, and 255 is not a finite number; the highest x2 is the first row.
 */
export interface PlaygroundFrame {
  readonly type: "frame";
  readonly number: number;
  /** Whether the page has to acknowledge the frame when it has drawn it. */
  readonly answer: boolean;
  readonly playing: Playing;
  readonly speed: string;
  readonly step: number;
  readonly error: string | null;
  /** float64[2]: the losses of all training points and of all test points. */
  readonly losses: BufferIndex;
  /** float32: of each layer the matrix, row major, and the biases. */
  readonly weights: BufferIndex;
  /** uint8 pictures of all hidden units, layer by layer, and of the outputs if there are several. */
  readonly unit_maps: BufferIndex;
  /** float32, one for each of these units. */
  readonly unit_scales: BufferIndex;
  /**
   * uint8 picture of the output. With several outputs a value is 31 times the most probable class
   * plus how probable it is: from 0, all alike, to 30, certain.
   */
  readonly output_map: BufferIndex;
  /** A bit for each point, in the order of the setup's, the lowest one first; none for values. */
  readonly misclassified: BufferIndex;
}

/** The network as plain PyTorch. */
export interface PlaygroundCode {
  readonly type: "code";
  readonly text: string;
  /** The call of `labkit.playground` that opens a playground with the same settings. */
  readonly call: string;
}

/** The reply to a request that cannot be fulfilled, with the reason. */
export interface PlaygroundRefusal {
  readonly type: "refused";
  readonly reason: string;
}

/** Kernel to page. */
export type PlaygroundMessage =
  | PlaygroundSetup
  | PlaygroundFrame
  | PlaygroundCode
  | PlaygroundRefusal;

/** Requests the setup and a frame, for a page that has begun to show the playground. */
export interface PlaygroundHello {
  readonly type: "hello";
  readonly protocol: number;
  readonly page: string;
  /** Whether views stay open when the output that shows them is updated. */
  readonly in_place: boolean;
}

/** Reports whether the playground is in sight; repeated while it is. */
export interface PlaygroundSight {
  readonly type: "sight";
  readonly page: string;
  readonly visible: boolean;
  /** The number of the last frame that was drawn. */
  readonly number: number;
}

/** Requests to play, or to pause. */
export interface PlaygroundPlay {
  readonly type: "play";
  readonly playing: boolean;
}

/** Requests to begin again, with the initial weights. */
export interface PlaygroundReset {
  readonly type: "reset";
}

/** Requests one step, or the steps up to the end of the epoch. */
export interface PlaygroundSteps {
  readonly type: "step";
  readonly of: "step" | "epoch";
}

/** Sets how many steps are taken for each frame. */
export interface PlaygroundSpeed {
  readonly type: "speed";
  readonly speed: string;
}

/** Changes settings; only those that differ. */
export interface PlaygroundChange {
  readonly type: "change";
  readonly settings: Partial<PlaygroundSettings>;
}

/** Sets a weight of a layer. */
export interface PlaygroundWeight {
  readonly type: "weight";
  readonly layer: number;
  readonly unit: number;
  /** The unit or input before; null for the bias. */
  readonly source: number | null;
  readonly value: number;
}

/** Requests the network as plain PyTorch. */
export interface PlaygroundCodeRequest {
  readonly type: "code";
}

/** Page to kernel. */
export type PlaygroundRequest =
  | PlaygroundHello
  | PlaygroundSight
  | PlaygroundPlay
  | PlaygroundReset
  | PlaygroundSteps
  | PlaygroundSpeed
  | PlaygroundChange
  | PlaygroundWeight
  | PlaygroundCodeRequest
  | TextRequest;
