/** Computation graphs. */

/** A line of the user's code. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

/** What a node, or all nodes in a module call, cost; null for what is unknown. */
export interface Cost {
  /** Of matrix products, convolutions and attention; the sum of a call lacks unknown operations. */
  readonly forward_flops: number | null;
  readonly backward_flops: number | null;
  /** Number of scalar parameters. */
  readonly parameters: number;
  /** Size of the results of operations in bytes. */
  readonly output_bytes: number | null;
  /** Size of the tensors saved for backward in bytes. */
  readonly saved_bytes: number | null;
  /** Number of operations whose floating point operations are unknown. */
  readonly unknown_forward: number;
  readonly unknown_backward: number;
}

/** A node of a computation graph. */
export interface GraphNode {
  /** `scope/op:ordinal`, for example "fc1#1/addmm:0"; the same in every graph of this structure. */
  readonly id: string;
  /**
   * "op" for an operation, "parameter" for a leaf that is a parameter, "input" for any other leaf,
   * "output" for the loss, "cut" where the gradient does not flow further, "failed" for what raised
   * an error, or changed in place what the backward pass needed.
   */
  readonly kind: "op" | "parameter" | "input" | "output" | "cut" | "failed";
  /** PyTorch's name of the operation in lower case, without "Backward0": "addmm", "relu". */
  readonly op: string;
  /** Id of the innermost module call around it ("encoder.layers.0#1"); "" outside all modules. */
  readonly scope: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  readonly device: string | null;
  readonly saved_bytes: number | null;
  /** Names of the parameter, for kind "parameter"; several if weights are tied. */
  readonly parameters: readonly string[];
  /** The line of the user's code that created it. */
  readonly source: Source | null;
  /** A sentence on what is unusual about it. */
  readonly note: string | null;
  /** Class name of the autograd node, "AddmmBackward0"; null without one. */
  readonly backward: string | null;
  /** What its result is, if the flow of the data shows it: "attention weights". */
  readonly role: string | null;
  /** The sizes in `shape` as text if some vary between passes, ["N", "10"]; else null. */
  readonly dims: readonly string[] | null;
  readonly cost: Cost;
}

/** An edge of a computation graph, in the direction of the forward pass. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  /** Number of the tensor among the results of the source, counted from 0. */
  readonly output: number;
  /** As for a node. */
  readonly dims: readonly string[] | null;
}

/** A call of a module. */
export interface ModuleCall {
  readonly id: string;
  /** The module's path in the model; "" for the model. */
  readonly path: string;
  /** Number of the call, counted from 1. */
  readonly call: number;
  /** Class name, for example "Linear". */
  readonly type: string;
  /** Id of the enclosing call; null for the outermost. */
  readonly parent: string | null;
  /** Number of scalar parameters of the module and its children. */
  readonly parameters: number;
  /** The line of the user's code that called it. */
  readonly source: Source | null;
  /** Duration of the call on the host, including its children. */
  readonly seconds: number | null;
  /** Number of those among `parameters` that require no gradient. */
  readonly frozen: number;
  /** The sum over its operations. */
  readonly cost: Cost;
}

/** A computation graph, or the reason why there is none. */
export interface GraphData {
  readonly version: number;
  readonly signature: string;
  readonly step: number | null;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly modules: readonly ModuleCall[];
  /** Why there is no graph, as a sentence; then `nodes` is empty. */
  readonly reason: string | null;
  /**
   * The values of sizes that vary between passes, by the names in `dims`. Shapes and costs are those
   * of the first values.
   */
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  /** Whether further values occurred. */
  readonly more_sizes: boolean;
}
