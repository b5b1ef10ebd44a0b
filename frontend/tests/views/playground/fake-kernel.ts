/** A kernel for the playground's page: sends fixtures with buffers, and records the requests. */

import type {
  PlaygroundFrame,
  PlaygroundRequest,
  PlaygroundSetup,
} from "../../../src/messages/playground";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import type { PlaygroundModel } from "../../../src/views/playground/client";
import { render } from "../../../src/views/playground/playground";
import { playgroundMessages } from "../../fixtures/messages";

export const UNIT_CELLS = 400;
export const OUTPUT_CELLS = 3600;
type Listener = (content: unknown, buffers?: DataView[]) => void;

function view(values: ArrayBufferView): DataView {
  return new DataView(values.buffer, values.byteOffset, values.byteLength);
}

export class FakeKernel {
  readonly requests: PlaygroundRequest[] = [];
  comm_live = true;
  private listeners: Listener[] = [];
  private liveListeners: (() => void)[] = [];

  get(): number {
    return PROTOCOL_VERSION;
  }

  send(content: PlaygroundRequest): void {
    this.requests.push(content);
  }

  on(event: string, listener: Listener & (() => void)): void {
    if (event === "msg:custom") this.listeners.push(listener);
    else this.liveListeners.push(listener);
  }

  off(event: string, listener: Listener & (() => void)): void {
    const others = (each: unknown) => each !== listener;
    if (event === "msg:custom") this.listeners = this.listeners.filter(others);
    else this.liveListeners = this.liveListeners.filter(others);
  }

  /** The kernel is restarted. */
  end(): void {
    this.comm_live = false;
    for (const listener of this.liveListeners) listener();
  }

  emit(content: unknown, buffers: DataView[] = []): void {
    for (const listener of this.listeners) listener(content, buffers);
  }

  /** Returns the requests of a type, the last one at the end. */
  asked<T extends PlaygroundRequest["type"]>(type: T) {
    return this.requests.filter((each) => each.type === type) as Extract<
      PlaygroundRequest,
      { type: T }
    >[];
  }

  sendSetup(changes: Partial<PlaygroundSetup> = {}): void {
    const setup = { ...playgroundMessages.setup, ...changes };
    const buffers: DataView[] = [];
    buffers[setup.points] = view(new Float32Array([1, 1, 0, -1, -1, 1]));
    buffers[setup.previews] = view(new Float32Array(8 * 3));
    buffers[setup.feature_maps] = view(new Uint8Array(7 * UNIT_CELLS));
    buffers[setup.feature_scales] = view(new Float32Array(7).fill(1));
    buffers[setup.history] = view(new Float64Array([0, 0.7, 0.8]));
    this.emit(setup, buffers);
  }

  /** Sends a frame of a network with two inputs, two hidden units and an output. */
  sendFrame(
    changes: Partial<PlaygroundFrame> = {},
    losses = [0.25, 0.5],
    weights = [1, 2, 3, 4, 0.1, 0.2, -1, -2, 0.3],
  ): void {
    const frame = { ...playgroundMessages.frame, ...changes };
    const buffers: DataView[] = [];
    buffers[frame.losses] = view(new Float64Array(losses));
    buffers[frame.weights] = view(new Float32Array(weights));
    buffers[frame.unit_maps] = view(new Uint8Array(2 * UNIT_CELLS).fill(127));
    buffers[frame.unit_scales] = view(new Float32Array(2).fill(1));
    buffers[frame.output_map] = view(new Uint8Array(OUTPUT_CELLS).fill(255));
    buffers[frame.misclassified] = view(new Uint8Array([0b10]));
    this.emit(frame, buffers);
  }
}

/** Opens a page of the kernel. */
export function openPage(kernel: FakeKernel): { root: HTMLElement; close: () => void } {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  return { root, close: render({ model: kernel as unknown as PlaygroundModel, el: root }) };
}
