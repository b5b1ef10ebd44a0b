/** The channel of an exported run, which answers requests from what the page contains. */

import type { PageMessage } from "../messages/page";
import type { ChannelState } from "../messages/widgets";
import type { Channel, MessageListener } from "../transport/channel";
import type { Answer, RecordedReplies } from "./replies";

export class ExportedChannel implements Channel {
  private readonly listeners = new Set<MessageListener>();

  constructor(
    private readonly state: ChannelState,
    private readonly replies: RecordedReplies,
  ) {}

  get<T extends keyof ChannelState>(trait: T): ChannelState[T] {
    return this.state[trait];
  }

  /** Emits the state of the run; a session that is opened later receives it as well. */
  begin(): void {
    this.emit(this.replies.snapshot);
  }

  send(content: PageMessage): void {
    this.emit(this.replies.to(content));
  }

  on(event: string, listener: MessageListener): void {
    if (event === "msg:custom") this.listeners.add(listener);
  }

  off(_event: string, listener: MessageListener): void {
    this.listeners.delete(listener);
  }

  private emit(answer: Answer | null): void {
    if (!answer) return;
    for (const listener of this.listeners) listener(answer.content, answer.buffers);
  }
}
