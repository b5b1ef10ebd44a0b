/**
 * The synchronised states of the boundary and threshold views, and how a page asks for steps.
 *
 * Arrays are text: base64 of their bytes, little endian, so that they arrive in every front end.
 */

/** The samples, and the part of the plane that is drawn. */
export interface BoundaryPlane {
  readonly names: readonly string[];
  readonly classes: readonly string[];
  /** The ends of the plane. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** The grid of each moment has `side * side` places. */
  readonly side: number;
  /** Two float32 for each sample. */
  readonly points: string;
  /** A byte for each sample. */
  readonly labels: string;
  /** Whether the view shows how hard each sample pulls. */
  readonly pulls: boolean;
}

/** What the model says at one moment, as float32. */
export interface BoundaryMoment {
  /** Its place among the `count` moments that are recorded. */
  readonly index: number;
  readonly count: number;
  /** How many steps of the training came before it. */
  readonly step: number;
  /** The logits of the plane, the first row at the top. */
  readonly grid: string;
  readonly logits: string;
  readonly losses: string;
  readonly pulls: string;
  /** Two numbers for each sample. */
  readonly directions: string;
}

/** The state that the kernel sends. */
export interface BoundaryViewState {
  readonly protocol: number;
  readonly plane: BoundaryPlane;
  /** The latest one. */
  readonly moment: BoundaryMoment;
}

/** A page asks for a moment by its index. */
export interface WantMessage {
  readonly type: "want";
  readonly protocol: number;
  readonly index: number;
}

/** The kernel sends a moment that was asked for. */
export interface MomentMessage {
  readonly type: "moment";
  readonly moment: BoundaryMoment;
}

/** The state of a threshold view; a page sends nothing. */
export interface ThresholdViewState {
  readonly protocol: number;
  readonly classes: readonly string[];
  /** A float32 for each sample. */
  readonly logits: string;
  /** A byte for each sample. */
  readonly labels: string;
  /** How many false alarms a miss is worth at first. */
  readonly price: number;
}
