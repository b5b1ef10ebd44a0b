/**
 * The messages between the kernel and the page, with the same names as in
 * `labkit/views/messages.py`.
 *
 * Numbers travel in binary buffers (little endian), so that NaN and infinity are kept. A
 * `BufferIndex` is the position of a buffer in the message's list of buffers.
 */

export const PROTOCOL_VERSION = 3;

export type BufferIndex = number;

/** What a run is doing. The last four are final. */
export type RunStatus =
  | "waiting"
  | "running"
  /** A pause was requested; the loop has not reached the end of its step. */
  | "pausing"
  /** The loop is held. */
  | "paused"
  | "finished"
  | "stopped"
  | "interrupted"
  | "failed";

/** A message of labkit about itself, for example that a part was switched off. */
export interface Notice {
  readonly part: string;
  readonly text: string;
}

/** A problem of the run, with its evidence; at most one for each rule. */
export interface Finding {
  /** The rule that found it, for example "exploding-gradients". */
  readonly rule: string;
  readonly severity: "error" | "warning" | "hint";
  /** What was observed in this run, as a plain sentence. */
  readonly message: string;
  /** Paths of modules or names of parameters, the most relevant first. */
  readonly where: readonly string[];
  /** The first and the last step at which it was observed. */
  readonly steps: readonly [first: number, last: number];
  /** What usually causes it. */
  readonly cause: string;
  /** What to try, the likeliest first. */
  readonly advice: readonly string[];
  /** Names of the series that show it, as `run.series` takes them. */
  readonly series: readonly string[];
  /** Id of the graph's node that it concerns. */
  readonly node: string | null;
  /** The line of the user's own code, "file:number". */
  readonly line: string | null;
  /** The course's notebook that explains it, without its ending. */
  readonly chapter: string | null;
}

/** The run's scalar facts; sent whole with every frame. */
export interface RunState {
  readonly name: string;
  readonly status: RunStatus;
  /** Why a run failed, in one sentence; null otherwise. */
  readonly message: string | null;
  /** Completed optimizer steps. */
  readonly step: number;
  /** Epoch counted from 1, when known. */
  readonly epoch: number | null;
  readonly steps_per_epoch: number | null;
  readonly total_steps: number | null;
  readonly steps_per_second: number | null;
  /** Seconds since the watch began. */
  readonly elapsed: number;
  /** Seconds left, when the total is known. */
  readonly remaining: number | null;
  /** For example "cpu" or "cuda:0 (NVIDIA H200)". */
  readonly device: string;
  /** Resident bytes of the kernel process. */
  readonly process_memory: number | null;
  /** Bytes allocated by torch on the accelerator. */
  readonly device_memory: number | null;
  /** Measured part of the loop's time that watching took, 0 to 1. */
  readonly cost: number;
  /** Whether the cost is that of the first steps, in which costly readings come early. */
  readonly getting_started: boolean;
  readonly budget: number;
  readonly parameters: number;
  readonly trainable: number;
  readonly notices: readonly Notice[];
  /** The newest structures of the graph, with the steps over which they held. */
  readonly structures: readonly GraphSpan[];
  /** How many pictures of activations have been taken. */
  readonly pictures: number;
  /** Steps that a gradient scaler skipped, by the number the next step got; the newest 64. */
  readonly skipped: readonly number[];
}

/** Steps over which the graph had one structure, as far as it was captured. */
export interface GraphSpan {
  readonly signature: string;
  readonly first: number;
  readonly last: number;
}

/**
 * Columns that are sampled together. Column names are bare: the parameter's
 * name in the three parameter tables, the module's path in the activations' tables, `loss` (or `loss/<model>`) in `loss`,
 * the group in `lr`, the metric's name in a metric table.
 */
export type TableKind =
  | "loss"
  | "lr"
  | "metric"
  | "grad_norm"
  | "weight_norm"
  | "update_ratio"
  | "grad_norm_unclipped"
  | "grad_cosine"
  | "grad_noise"
  | "grad_zeros"
  | "grad_not_finite"
  | "act_mean"
  | "act_std"
  | "act_saturated"
  | "act_dead"
  | "act_grad";

/**
 * New rows of one table. `id` is unique in the run ("grad_norm", "metric/accuracy").
 * `steps` is float64[rows]; `values` is float32[rows * columns], row major.
 */
export interface TableRows {
  readonly id: string;
  readonly kind: TableKind;
  /** Null where the page has received them before, in this session's snapshot or a frame. */
  readonly names: readonly string[] | null;
  readonly columns: number;
  readonly rows: number;
  readonly steps: BufferIndex;
  readonly values: BufferIndex;
}

/**
 * A whole table: folded rows (buckets of `stride` samples with the smallest and the largest value
 * of each column and their steps) and the newest rows whole. With B buckets and n columns: `first`
 * float64[B], the first step in the bucket; `low`, `high` float32[B*n]; `low_at`, `high_at`
 * float32[B*n], offsets of their steps from `first`. In tables of losses, learning rates and
 * metrics a bucket that held a NaN has NaN as `high`; in all others NaN stands for "not read", and
 * is an extreme only where nothing was read.
 */
export interface TableSnapshot extends TableRows {
  readonly names: readonly string[];
  readonly stride: number;
  readonly buckets: number;
  readonly first: BufferIndex;
  readonly low: BufferIndex;
  readonly low_at: BufferIndex;
  readonly high: BufferIndex;
  readonly high_at: BufferIndex;
  /** Rows of the tail that are kept before the oldest half is folded. */
  readonly tail_limit: number;
  /** Buckets that are kept before neighbours are merged and the stride doubles. */
  readonly bucket_limit: number;
}

export interface GraphNode {
  /** Stable: `scope/op:ordinal`, for example "fc1#1/addmm:0". */
  readonly id: string;
  /**
   * "op" for an operation, "parameter" for a leaf that is a parameter, "input" for another leaf,
   * "output" for the loss, "cut" for where a gradient stops.
   */
  readonly kind: "op" | "parameter" | "input" | "output" | "cut";
  /** The operation's name as PyTorch has it without "Backward0", lower case: "addmm", "relu". */
  readonly op: string;
  /** Id of the innermost module call that made it ("encoder.layers.0#1"); "" outside all modules. */
  readonly scope: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  readonly device: string | null;
  readonly saved_bytes: number | null;
  /** Names of the parameter, for kind "parameter"; several where weights are tied. */
  readonly parameters: readonly string[];
  /** The line of the user's own code that made it. */
  readonly source: Source | null;
  /** What is unusual about it, as a sentence. */
  readonly note: string | null;
  /** Name of autograd's own node, "AddmmBackward0"; null for what has none. */
  readonly backward: string | null;
}

export interface Source {
  readonly file: string;
  readonly line: number;
}

/** Data flows from `source` to `target` in the forward direction. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
}

/** One call of one module. `parent` is the id of the call around it; null for the outermost. */
export interface ModuleCall {
  readonly id: string;
  /** The module's path in the model; "" for the model itself. */
  readonly path: string;
  readonly call: number;
  /** Class name, for example "Linear". */
  readonly type: string;
  readonly parent: string | null;
  /** Number of scalar parameters the module holds, its children included. */
  readonly parameters: number;
  /** The line of the user's own code that called it. */
  readonly source: Source | null;
  /** Time of the call on the host, its children's included. */
  readonly seconds: number | null;
}

export interface GraphData {
  readonly version: number;
  readonly signature: string;
  readonly step: number | null;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly modules: readonly ModuleCall[];
  /** Why there is no graph, as a sentence; then `nodes` is empty. */
  readonly reason: string | null;
}

/**
 * Statistics of a tensor's values. `numbers` is float64[4]: minimum, maximum, mean and standard
 * deviation of the finite elements, NaN where they are not known; `edges` is float64[bins + 1],
 * `counts` float64[bins].
 */
export interface SentStatistics {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The step at which they were read, where that is not now. */
  readonly step: number | null;
  /** Number of elements that were read, evenly distributed; null for all. */
  readonly sampled: number | null;
  readonly numbers: BufferIndex;
  readonly zeros: number | null;
  readonly not_finite: number | null;
  readonly edges: BufferIndex;
  readonly counts: BufferIndex;
}

/** The newest recorded norm of a parameter or of its gradient; null where it is not finite. */
export interface RecordedNorm {
  readonly kind: "weight_norm" | "grad_norm";
  readonly step: number;
  readonly value: number | null;
}

/**
 * What a picture of activations shows: a convolution's output channels or its kernels, a layer's
 * units for some samples, a recurrent layer's states, gates or gradient over time, or attention.
 */
export type PictureKind =
  | "maps"
  | "kernels"
  | "units"
  | "states"
  | "gates"
  | "attention"
  | "time_gradient";

export interface PictureSubject {
  readonly module: string;
  readonly kind: PictureKind;
  readonly steps: readonly number[];
  /** The smallest and the largest finite value of all stored pictures; null without any. */
  readonly range: readonly [least: number, greatest: number] | null;
}

/** `values` is float32[panels * rows * columns], panel by panel, row by row. */
export interface SentPicture {
  readonly module: string;
  readonly kind: PictureKind;
  readonly step: number;
  readonly shape: readonly [panels: number, rows: number, columns: number];
  readonly panels: readonly string[];
  /** What runs along the rows and along the columns. */
  readonly rows: string;
  readonly columns: string;
  /** Panels (of maps) or columns (of units) that were zero for the whole batch. */
  readonly silent: readonly number[];
  /** The shape of what was recorded, before it was made smaller. */
  readonly whole: readonly number[];
  readonly values: BufferIndex;
}

/** Kernel to page. */
export type KernelMessage =
  | {
      readonly type: "snapshot";
      readonly seq: number;
      readonly run: RunState;
      readonly tables: readonly TableSnapshot[];
      readonly graph: GraphData | null;
      /** What goes wrong in the run, the gravest first. */
      readonly findings: readonly Finding[];
      /** Folder of the course's notebooks on the kernel's machine, the user's home as "~". */
      readonly course: string | null;
    }
  | {
      readonly type: "frame";
      /**
       * One more than that of the frame or snapshot before; after a gap the page requests a
       * snapshot.
       */
      readonly seq: number;
      readonly run: RunState;
      readonly tables: readonly TableRows[];
      /** Only when its structure is new. */
      readonly graph?: GraphData;
      /** Only when they changed. */
      readonly findings?: readonly Finding[];
    }
  /** An earlier structure; null when it is no longer stored. */
  | { readonly type: "graph"; readonly signature: string; readonly graph: GraphData | null }
  /**
   * Statistics of a parameter's or an operation's values and of its gradient; null where not known.
   */
  | {
      readonly type: "inspection";
      readonly request: number;
      readonly value: SentStatistics | null;
      readonly gradient: SentStatistics | null;
      /** The newest recorded norms, where the values could not be read. */
      readonly norms: readonly RecordedNorm[];
      /** Why the values are not the tensor's current ones; null where they are. */
      readonly reason: string | null;
    }
  /** The modules of which there are pictures, with the steps of these. */
  | {
      readonly type: "subjects";
      readonly request: number;
      readonly subjects: readonly PictureSubject[];
    }
  /**
   * Histograms of some parameters' gradients, each the newest that is not after a step: `steps`
   * float64[names], NaN where there is none; `edges` float64[names * 41]; `counts`
   * float32[names * 40].
   */
  | {
      readonly type: "histograms";
      readonly request: number;
      readonly names: readonly string[];
      readonly steps: BufferIndex;
      readonly edges: BufferIndex;
      readonly counts: BufferIndex;
    }
  /** One picture; null where there is none. */
  | { readonly type: "picture"; readonly request: number; readonly picture: SentPicture | null }
  /** One buffer: the asset, compressed with gzip. */
  | { readonly type: "asset"; readonly name: AssetName }
  | { readonly type: "acknowledged"; readonly request: number }
  /**
   * A request that cannot be answered, and why. `question` is the request's type, `subject` its
   * signature or name; null, as `request`, where it had none.
   */
  | {
      readonly type: "refused";
      readonly reason: string;
      readonly request: number | null;
      readonly question: string | null;
      readonly subject: string | null;
    };

export type AssetName = "labkit.js" | "plotly.js" | "layout.js";

export type ControlAction = "pause" | "resume" | "step" | "stop";

/** Page to kernel. */
export type PageMessage =
  | { readonly type: "hello"; readonly protocol: number }
  | { readonly type: "asset"; readonly name: AssetName }
  | { readonly type: "received"; readonly seq: number }
  | { readonly type: "graph"; readonly signature: string }
  | { readonly type: "inspect"; readonly name: string; readonly request: number }
  | { readonly type: "subjects"; readonly request: number }
  | {
      readonly type: "histograms";
      readonly request: number;
      readonly names: readonly string[];
      /**
       * By powers of two of the magnitude, or in even bins from the smallest to the largest value.
       */
      readonly bins: "magnitude" | "even";
      readonly step: number | null;
    }
  | {
      readonly type: "picture";
      readonly request: number;
      readonly module: string;
      readonly kind: PictureKind;
      /** The newest that is not after this step; null for the newest of all. */
      readonly step: number | null;
    }
  | { readonly type: "control"; readonly action: ControlAction; readonly request: number };
