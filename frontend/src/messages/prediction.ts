/** The synchronised state of a prediction's card, and the message that locks a prediction in. */

/** An option: the letter that is sent, and its text. */
export interface ChoiceOption {
  readonly value: string;
  readonly text: string;
}

/** One of several options. */
export interface ChoiceForm {
  readonly kind: "choice";
  readonly options: readonly ChoiceOption[];
}

/** A number, in a field; with a slider if it has ends. */
export interface NumberForm {
  readonly kind: "number";
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: string;
}

/** A whole number, or as many as `length` says (0 for any number of them), in a field. */
export interface ExactForm {
  readonly kind: "exact";
  readonly length: number | null;
}

/** A curve to be sketched; `x` and `y` are the two ends of each axis. */
export interface CurveForm {
  readonly kind: "curve";
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly x_label: string;
  readonly y_label: string;
  readonly log: boolean;
}

/** A place on a picture. */
export interface PlaceForm {
  readonly kind: "place";
  /** SVG source. */
  readonly picture: string;
  readonly description: string;
  /** The coordinates at the left and at the right edge. */
  readonly x: readonly number[];
  /** The coordinates at the bottom and at the top edge. */
  readonly y: readonly number[];
  /** Whether a place is the centre of a cell, at whole coordinates. */
  readonly cells: boolean;
  readonly names: readonly string[];
  /** What the cells are called where they are numbered from 0, row by row; else empty. */
  readonly numbered: string;
}

export type PredictionForm = ChoiceForm | NumberForm | ExactForm | CurveForm | PlaceForm;

/** A letter or a typed text, a number, or the numbers of a shape, a curve or a place. */
export type PredictionValue = string | number | readonly number[];

/** What was predicted. */
export interface LockedPrediction {
  readonly value: PredictionValue;
  readonly text: string;
  /** How sure the learner was: 1, 2 or 3. */
  readonly sure: number | null;
}

/** The state that the kernel sends. */
export interface PredictionState {
  readonly protocol: number;
  readonly question: string;
  readonly form: PredictionForm;
  readonly locked: LockedPrediction | null;
  /** Whether a prediction can be locked in; not if the outcome was shown beside one. */
  readonly is_open: boolean;
  /** A sentence about an outcome that is there before a prediction, or an empty text. */
  readonly note: string;
  /** A sentence below the question, or an empty text. */
  readonly said: string;
}

/** Locks a prediction in. */
export interface LockMessage {
  readonly type: "lock";
  readonly protocol: number;
  readonly value: PredictionValue;
  /** 1 for guessing, 2 for fairly sure, 3 for certain. */
  readonly sure: number;
}
