/** The synchronised state of the channel's widget and of the views' widgets. */

export type ViewName =
  | "dashboard"
  | "curves"
  | "gradients"
  | "activations"
  | "samples"
  | "graph"
  | "layers"
  | "controls"
  | "findings"
  | "comparison"
  | "runs"
  | "stepper";

/** All cards, or one line and the curve of the loss. */
export type DashboardForm = "whole" | "compact";

/** The state of a run's channel. */
export interface ChannelState {
  /** The kernel's protocol version; the page compares it before it sends a message. */
  readonly protocol: number;
  readonly run_id: string;
}

/** The state of a view. */
export interface ViewState {
  readonly view: ViewName;
  /** The model id of the channel, after "IPY_MODEL_"; null after the view was closed. */
  readonly channel: string | null;
  /** The form of a dashboard; null for the form that was last used in the browser. */
  readonly form?: DashboardForm | null;
  /** The channels of a comparison, of which `channel` is the first. */
  readonly channels?: readonly string[];
  /** The names of the runs in a comparison. */
  readonly names?: readonly string[];
}
