/** Exchanges messages with the kernel: requests, frames, and which frame was drawn last. */

import type { Buffers } from "../../decoding/buffers";
import type { PlaygroundMessage, PlaygroundRequest } from "../../messages/playground";
import { PROTOCOL_VERSION, versionProblem } from "../../messages/protocol";
import {
  ANSWER_TIMEOUT_MS,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  type MessageListener,
  type MessageModel,
  send,
} from "../../transport/channel";
import { areOutputsInPlace } from "../../transport/outputs-in-place";
import { buffersOf } from "../../transport/text-buffers";
import { type Frame, readFrame, readSetup, type Setup } from "./state";

/** The model of the playground's widget, as anywidget passes it to `render`. */
export interface PlaygroundModel extends MessageModel<PlaygroundRequest> {
  get(trait: "protocol"): number;
  on(event: "msg:custom", listener: MessageListener): void;
  on(event: "comm_live_update", listener: () => void): void;
  off(event: "msg:custom", listener: MessageListener): void;
  off(event: "comm_live_update", listener: () => void): void;
}

export interface PlaygroundListener {
  setup(setup: Setup): void;
  frame(frame: Frame): void;
  code(text: string, call: string): void;
  /** A request was refused, with the reason as a sentence. */
  refused(reason: string): void;
  /** The kernel cannot be reached, described by a sentence; null if it can again. */
  problem(sentence: string | null): void;
}

const HELLO_AGAIN_MS = 1500;
/** The kernel counts a page as gone that has not reported for some seconds. */
const REPORT_MS = 1000;

export class PlaygroundClient {
  private readonly page = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  private readonly receive = (content: unknown, buffers: Buffers = []) =>
    this.handle(content, buffers);
  private readonly onSight = () => this.reportSight();
  private readonly onLiveChange = () => this.followKernel();
  private readonly observer: IntersectionObserver;
  private timers: ReturnType<typeof setInterval>[] = [];
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private hasSetup = false;
  private isInSight = true;
  private wasVisible = false;
  private drawn = 0;

  constructor(
    private readonly model: PlaygroundModel,
    private readonly root: HTMLElement,
    private readonly listener: PlaygroundListener,
  ) {
    this.observer = new IntersectionObserver((entries) => {
      this.isInSight = entries.some((entry) => entry.isIntersecting);
      this.reportSight();
    });
  }

  open(): void {
    this.model.on("msg:custom", this.receive);
    this.model.on("comm_live_update", this.onLiveChange);
    this.observer.observe(this.root);
    document.addEventListener("visibilitychange", this.onSight);
    this.wasVisible = this.isVisible;
    this.hello();
    this.timers = [
      setInterval(() => this.hello(), HELLO_AGAIN_MS),
      setInterval(() => this.report(), REPORT_MS),
    ];
    const wait = isLive(this.model) ? ANSWER_TIMEOUT_MS : 0;
    this.waiting = setTimeout(() => {
      if (this.hasSetup) return;
      this.listener.problem(isLive(this.model) ? KERNEL_BUSY : KERNEL_DISCONNECTED);
    }, wait);
  }

  close(): void {
    this.model.off("msg:custom", this.receive);
    this.model.off("comm_live_update", this.onLiveChange);
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.waiting);
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.onSight);
    this.send({ type: "sight", page: this.page, visible: false, number: this.drawn });
  }

  send(request: PlaygroundRequest): void {
    if (isLive(this.model)) send(this.model, request);
  }

  /** Records that a frame was drawn, and reports it if the kernel waits for that. */
  frameDrawn({ number, answer }: Frame["message"]): void {
    this.drawn = number;
    if (answer) this.report();
  }

  private get isVisible(): boolean {
    return this.isInSight && document.visibilityState === "visible";
  }

  /** anywidget passes on that this has changed, but not to what: it was live until now. */
  private followKernel(): void {
    if (this.model.comm_live !== true) this.listener.problem(KERNEL_DISCONNECTED);
  }

  private hello(): void {
    if (this.hasSetup) return;
    this.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      page: this.page,
      in_place: areOutputsInPlace(),
    });
  }

  /** Reports at once that the playground has come into sight or has left it. */
  private reportSight(): void {
    if (this.isVisible === this.wasVisible) return;
    this.wasVisible = this.isVisible;
    this.sendSight();
  }

  private report(): void {
    if (this.isVisible && this.hasSetup) this.sendSight();
  }

  private sendSight(): void {
    this.send({ type: "sight", page: this.page, visible: this.isVisible, number: this.drawn });
  }

  private handle(content: unknown, sent: Buffers): void {
    const message = content as PlaygroundMessage;
    const buffers = buffersOf(content, sent);
    switch (message.type) {
      case "setup": {
        const problem = versionProblem(message.protocol);
        this.hasSetup = true;
        this.listener.problem(problem);
        if (problem !== null) return;
        if (buffers.length === 0) this.send({ type: "text" });
        else this.listener.setup(readSetup(message, buffers));
        break;
      }
      case "frame":
        if (this.hasSetup && buffers.length > 0) this.listener.frame(readFrame(message, buffers));
        break;
      case "code":
        this.listener.code(message.text, message.call);
        break;
      case "refused":
        this.listener.refused(message.reason);
        break;
    }
  }
}
