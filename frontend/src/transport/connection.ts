/** Requests snapshots over a channel, and reports a kernel that does not reply. */

import type { Buffers } from "../decoding/buffers";
import type { HelloMessage } from "../messages/page";
import { PROTOCOL_VERSION, versionProblem } from "../messages/protocol";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  type MessageListener,
} from "./channel";
import type { MessageRecorder } from "./message-recorder";
import { sendRepeatedly } from "./send-repeatedly";

export interface ConnectionListener {
  onMessage(content: unknown, buffers: Buffers): void;
  /** A kernel is connected, for the first time or again. */
  onConnected(): void;
  /** There is a problem, described by a sentence. */
  onProblem(problem: string): void;
}

export class Connection {
  /** A sentence if the kernel has another version of the protocol; null otherwise. */
  readonly versionProblem: string | null;
  private stopResending: () => void = () => undefined;
  private cancelProblem: () => void = () => undefined;
  private readonly onMessage: MessageListener = (content, buffers = []) =>
    this.listener.onMessage(content, buffers);
  private readonly onLiveChange = () => this.connect();
  private readonly onClose = () => this.listener.onProblem(KERNEL_DISCONNECTED);

  constructor(
    readonly channel: Channel,
    private readonly messages: MessageRecorder,
    private readonly listener: ConnectionListener,
  ) {
    this.versionProblem = versionProblem(channel.get("protocol"));
  }

  /**
   * Connects, or reports that the kernel has another version of the protocol. Messages of another
   * version are ignored: the kernel sends them to all pages, for those of its version.
   */
  open(): void {
    if (this.versionProblem !== null) {
      this.listener.onProblem(this.versionProblem);
      return;
    }
    this.messages.add(this.onMessage);
    this.channel.on("comm_live_update", this.onLiveChange);
    this.channel.on("comm:close", this.onClose);
    this.connect();
  }

  /**
   * Requests a snapshot, a few times; reports a problem if none arrives in time. `again` is whether
   * the page needs one though the kernel may have sent one.
   */
  requestSnapshot(again: boolean): void {
    const { arrivals } = this.messages.scripts;
    this.stopWaiting();
    this.cancelProblem = arrivals.afterSilence(ANSWER_TIMEOUT_MS, () =>
      this.listener.onProblem(isLive(this.channel) ? KERNEL_BUSY : KERNEL_DISCONNECTED),
    );
    this.stopResending = sendRepeatedly(this.channel, helloMessage, arrivals, again);
  }

  /** Ends the repetition and the timeout of a request for a snapshot. */
  stopWaiting(): void {
    this.cancelProblem();
    this.stopResending();
  }

  close(): void {
    this.stopWaiting();
    this.messages.remove(this.onMessage);
    this.channel.off("comm_live_update", this.onLiveChange);
    this.channel.off("comm:close", this.onClose);
  }

  private connect(): void {
    if (isLive(this.channel)) this.listener.onConnected();
    else this.listener.onProblem(KERNEL_DISCONNECTED);
  }
}

function helloMessage(again: boolean): HelloMessage {
  return { type: "hello", protocol: PROTOCOL_VERSION, again };
}
