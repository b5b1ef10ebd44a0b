/** The parts of widget models that labkit uses to exchange messages with the kernel. */

import type { Buffers } from "../decoding/buffers";
import type { PageMessage } from "../messages/page";
import type { ChannelState, ViewState } from "../messages/widgets";

export type MessageListener = (content: unknown, buffers?: Buffers) => void;

/** A model that can send messages of type `M` to the kernel. */
export interface Sender<M> {
  /** False without a kernel, as in a saved notebook. */
  readonly comm_live?: boolean;
  send(content: M, callbacks: object): unknown;
}

export interface Channel {
  /** False without a kernel, as in a saved notebook. */
  readonly comm_live?: boolean;
  get<T extends keyof ChannelState>(trait: T): ChannelState[T];
  send(content: PageMessage, callbacks: object, buffers?: readonly ArrayBuffer[]): unknown;
  on(event: "msg:custom", listener: MessageListener): void;
  on(event: "comm_live_update" | "comm:close", listener: () => void): void;
  off(event: "msg:custom", listener: MessageListener): void;
  off(event: "comm_live_update" | "comm:close", listener: () => void): void;
}

/** A model that can send messages of type `M`, and that emits the messages of the kernel. */
export interface MessageModel<M> extends Sender<M> {
  on(event: "msg:custom", listener: MessageListener): void;
  off(event: "msg:custom", listener: MessageListener): void;
}

/** The model of a view's widget, as anywidget passes it to `render`. */
export interface ViewModel extends MessageModel<unknown> {
  get<T extends keyof ViewState>(trait: T): ViewState[T];
  readonly widget_manager: { get_model(id: string): Promise<Channel> };
}

export const KERNEL_BUSY =
  "labkit is waiting for the kernel: this frontend answers widgets only when the cell has ended.";
export const KERNEL_DISCONNECTED = "The kernel that made this view is gone. Run the cell again.";
export const ONE_WAY =
  "This front end delivers questions and clicks to the kernel only when the cell has ended.";
/** Time after which the page shows that the kernel has not replied. */
export const ANSWER_TIMEOUT_MS = 4000;

export const LOADING = "Loading labkit";
/** Time after which the page shows that the main script is loading; usually it is there before. */
export const LOADING_AFTER_MS = 500;

export function isLive(channel: Pick<Sender<never>, "comm_live">): boolean {
  return channel.comm_live !== false;
}

/** Sends a message; a failure to send has the same effect as a missing reply. */
export function send<M>(channel: Sender<M>, message: M): void {
  try {
    Promise.resolve(channel.send(message, {})).catch(() => undefined);
  } catch {
    // The comm is closed; `isLive` returns false then.
  }
}
