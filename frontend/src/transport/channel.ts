/** The part of a widget's model through which labkit exchanges messages with the kernel. */

import type { Buffers } from "../decoding/buffers";
import type { PageMessage } from "../messages/page";
import type { ChannelState, ViewState } from "../messages/widgets";

export type MessageListener = (content: unknown, buffers?: Buffers) => void;

/** A model that messages of one kind can be sent to. */
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

/**
 * A widget's model that messages of one kind can be sent to, and that emits the kernel's messages.
 */
export interface MessageModel<M> extends Sender<M> {
  on(event: "msg:custom", listener: MessageListener): void;
  off(event: "msg:custom", listener: MessageListener): void;
}

/** A view's own model, as anywidget passes it to `render`. */
export interface ViewModel extends MessageModel<unknown> {
  get<T extends keyof ViewState>(trait: T): ViewState[T];
  readonly widget_manager: { get_model(id: string): Promise<Channel> };
}

export const KERNEL_BUSY =
  "labkit is waiting for the kernel: this frontend answers widgets only when the cell has ended.";
export const KERNEL_DISCONNECTED = "The kernel that made this view is gone. Run the cell again.";
/** Time in which the kernel must answer; afterwards the page shows that it waits. */
export const ANSWER_TIMEOUT_MS = 4000;

export function isLive(channel: Pick<Sender<never>, "comm_live">): boolean {
  return channel.comm_live !== false;
}

/** Sends a message; a failure to send is treated as a missing answer. */
export function send<M>(channel: Sender<M>, message: M): void {
  try {
    Promise.resolve(channel.send(message, {})).catch(() => undefined);
  } catch {
    // The comm is closed; `isLive` returns false then.
  }
}
