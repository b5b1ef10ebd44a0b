/**
 * Reassembles the messages of a model, and keeps them until a view reads them.
 *
 * The kernel sends scripts, a snapshot and frames without a request, possibly before the page has
 * loaded the script that reads them. The models of widgets drop such messages.
 */

import type { Buffers } from "../decoding/buffers";
import type { FragmentMessage } from "../messages/kernel";
import type { TextRequest } from "../messages/page";
import { type MessageListener, type MessageModel, send } from "./channel";
import { FragmentAssembler } from "./fragments";
import type { PageScripts } from "./page-scripts";
import { buffersOf, hasTextBuffers, lacksBuffers } from "./text-buffers";

/** Maximum number of messages that are kept; with more, all are dropped until the next snapshot. */
export const MAX_KEPT = 64;

/** Messages that replace all before them. */
const WHOLE: ReadonlySet<unknown> = new Set(["snapshot", "walk", "runs"]);
const PUSHED: ReadonlySet<unknown> = new Set(["subjects", "picture", "histograms", "sample"]);

/** A model whose messages are recorded. */
export type RecordedModel = Pick<MessageModel<TextRequest>, "on" | "send">;

interface Received {
  readonly content: unknown;
  readonly buffers: Buffers;
}

export class MessageRecorder {
  /** Whether a listener has received a snapshot, a walk or all runs. */
  hasDelivered = false;
  /** Whether buffers arrive as text. */
  isText = false;
  private kept: Received[] = [];
  /** The newest pictures, histograms and samples that were sent without a request. */
  private pushed: Received[] = [];
  private keepsFrames = false;
  private hasRequestedText = false;
  private readonly listeners = new Set<MessageListener>();
  private readonly fragments = new FragmentAssembler();

  constructor(
    private readonly model: RecordedModel,
    readonly scripts: PageScripts,
  ) {
    model.on("msg:custom", (content, buffers = []) => {
      if (lacksBuffers(content, buffers)) this.requestText();
      else {
        this.isText ||= hasTextBuffers(content);
        this.reassemble({ content, buffers: buffersOf(content, buffers) });
      }
    });
  }

  /** Passes the kept messages and all later ones to a listener. */
  add(listener: MessageListener): void {
    this.listeners.add(listener);
    const kept = [...this.kept, ...this.pushed];
    this.pushed = [];
    this.drop();
    for (const message of kept) this.deliver(message);
  }

  remove(listener: MessageListener): void {
    this.listeners.delete(listener);
  }

  private requestText(): void {
    if (!this.hasRequestedText) send(this.model, { type: "text" });
    this.hasRequestedText = true;
  }

  private reassemble({ content, buffers }: Received): void {
    if (typeOf(content) !== "fragment") {
      this.receive({ content, buffers });
      return;
    }
    this.scripts.arrivals.note();
    const complete = this.fragments.add(content as FragmentMessage, buffers);
    if (complete) this.receive(complete);
  }

  private receive(message: Received): void {
    if (this.scripts.receive(message.content, message.buffers)) return;
    if (this.listeners.size > 0) this.deliver(message);
    else this.keep(message);
  }

  private deliver({ content, buffers }: Received): void {
    if (isWhole(content)) this.hasDelivered = true;
    for (const listener of [...this.listeners]) listener(content, buffers);
  }

  /** Keeps a message with everything, and those after it. */
  private keep(message: Received): void {
    if (isPushed(message.content)) {
      this.pushed = [...this.pushed, message].slice(-MAX_KEPT);
      return;
    }
    if (isWhole(message.content) || this.kept.length >= MAX_KEPT) this.drop();
    if (isWhole(message.content)) this.keepsFrames = true;
    if (this.keepsFrames) this.kept.push(message);
  }

  private drop(): void {
    this.kept = [];
    this.keepsFrames = false;
  }
}

function typeOf(content: unknown): unknown {
  return (content as { type?: unknown } | null)?.type;
}

/** Whether a message is one of those that are also sent without a request. */
function isPushed(content: unknown): boolean {
  return PUSHED.has(typeOf(content));
}

function isWhole(content: unknown): boolean {
  return WHOLE.has(typeOf(content));
}
