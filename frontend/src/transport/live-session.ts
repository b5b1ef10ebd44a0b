/**
 * A run as this page knows it: takes in what the kernel sends, and asks for a
 * snapshot when a frame is missing or cannot be read.
 */

import type { Buffers } from "../decoding/buffers";
import { readHistograms } from "../decoding/histograms";
import { readPicture } from "../decoding/picture";
import { readStatistics } from "../decoding/statistics";
import { BlockHistory } from "../history/block-history";
import {
  type AssetName,
  type ControlAction,
  type GraphData,
  type KernelMessage,
  type PageMessage,
  type PictureKind,
  type PictureSubject,
  PROTOCOL_VERSION,
  type RunState,
} from "../protocol";
import type { Block, Change, GradientHistogram, Inspection, Picture, RunSession } from "../session";
import { PendingAsset } from "./assets";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  type MessageListener,
  send,
} from "./channel";
import { firstRequestNumber, PendingRequests } from "./pending-requests";
import { sendRepeatedly } from "./send-repeatedly";

/** How long a click may stay without an answer, in ms. */
export const CONTROL_TIMEOUT_MS = 1500;

type Content<T extends KernelMessage["type"]> = Extract<KernelMessage, { type: T }>;

/** Scripts of this page, whichever run's kernel sent them. */
const assets = new Map<AssetName, PendingAsset>();

export class LiveSession implements RunSession {
  readonly runId: string;
  state: RunState | null = null;
  graph: GraphData | null = null;
  cursor: number | null = null;
  selected: string | null = null;
  course: string | null = null;
  problem: string | null = null;
  private histories = new Map<string, BlockHistory>();
  /** Number of the last message taken in; null while a snapshot is awaited. */
  private seq: number | null = null;
  /** Structures that were asked for, by their signature. */
  private readonly graphs = new Map<string, Promise<GraphData | null>>();
  private readonly structures = new PendingRequests<string, GraphData | null>(() => null);
  private requests = firstRequestNumber();
  private readonly inspections = new PendingRequests<number, Inspection>(unanswered);
  private readonly catalogues = new PendingRequests<number, readonly PictureSubject[] | null>(
    () => null,
  );
  private readonly gradients = new PendingRequests<number, readonly GradientHistogram[] | null>(
    () => null,
  );
  private readonly pictures = new PendingRequests<number, Picture | null>(() => null);
  private readonly answers = new Map<number, (answered: boolean) => void>();
  private readonly listeners = new Set<(change: Change) => void>();
  private stopGreeting: () => void = () => undefined;
  private answerTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly onMessage: MessageListener = (content, buffers) =>
    this.receive(content, buffers);
  private readonly onConnection = () => this.reconnect();
  private readonly onClose = () => this.report(KERNEL_DISCONNECTED);

  constructor(readonly channel: Channel) {
    this.runId = String(channel.get("run_id"));
    channel.on("msg:custom", this.onMessage);
    channel.on("comm_live_update", this.onConnection);
    channel.on("comm:close", this.onClose);
    const version = channel.get("protocol");
    if (version === PROTOCOL_VERSION) this.reconnect();
    else {
      this.problem =
        `This page speaks version ${PROTOCOL_VERSION} of labkit's protocol and the kernel ` +
        `version ${version}. Restart the kernel and reload the page.`;
    }
  }

  get blocks(): readonly Block[] {
    return [...this.histories.values()];
  }

  graphOf(signature: string): Promise<GraphData | null> {
    if (this.graph) this.graphs.set(this.graph.signature, Promise.resolve(this.graph));
    const known = this.graphs.get(signature);
    if (known) return known;
    const asked = this.structures.add(signature);
    this.graphs.set(signature, asked);
    asked.then((graph) => {
      if (graph === null) this.graphs.delete(signature);
    });
    send(this.channel, { type: "graph", signature });
    return asked;
  }

  inspect(name: string): Promise<Inspection> {
    return this.ask(this.inspections, (request) => ({ type: "inspect", name, request }));
  }

  subjects(): Promise<readonly PictureSubject[] | null> {
    if (this.catalogues.suspended) return Promise.resolve(null);
    return this.ask(this.catalogues, (request) => ({ type: "subjects", request }));
  }

  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null> {
    if (this.pictures.suspended) return Promise.resolve(null);
    return this.ask(this.pictures, (request) => ({ type: "picture", request, module, kind, step }));
  }

  histograms(
    names: readonly string[],
    bins: "magnitude" | "even",
    step: number | null,
  ): Promise<readonly GradientHistogram[] | null> {
    if (this.gradients.suspended) return Promise.resolve(null);
    return this.ask(this.gradients, (request) => ({
      type: "histograms",
      request,
      names,
      bins,
      step,
    }));
  }

  private ask<T>(
    questions: PendingRequests<number, T>,
    message: (request: number) => PageMessage,
  ): Promise<T> {
    this.requests += 1;
    const answer = questions.add(this.requests);
    send(this.channel, message(this.requests));
    return answer;
  }

  setCursor(step: number | null): void {
    if (step === this.cursor) return;
    this.cursor = step;
    this.tell("cursor");
  }

  select(name: string | null): void {
    this.selected = name;
    this.tell("selection");
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  control(action: ControlAction): Promise<boolean> {
    this.requests += 1;
    const request = this.requests;
    return new Promise((resolve) => {
      const settle = (answered: boolean) => {
        clearTimeout(timer);
        this.answers.delete(request);
        resolve(answered);
      };
      const timer = setTimeout(settle, CONTROL_TIMEOUT_MS, false);
      this.answers.set(request, settle);
      send(this.channel, { type: "control", action, request });
    });
  }

  asset(name: AssetName): Promise<string> {
    const known = assets.get(name);
    const asset = known ?? new PendingAsset(name);
    assets.set(name, asset);
    asset.request(this.channel);
    return asset.address;
  }

  close(): void {
    clearTimeout(this.answerTimer);
    this.stopGreeting();
    for (const settle of [...this.answers.values()]) settle(false);
    this.listeners.clear();
    for (const questions of this.numbered) questions.close();
    this.structures.close();
    this.channel.off("msg:custom", this.onMessage);
    this.channel.off("comm_live_update", this.onConnection);
    this.channel.off("comm:close", this.onClose);
  }

  private reconnect(): void {
    if (isLive(this.channel)) this.greet();
    else this.report(KERNEL_DISCONNECTED);
  }

  /** Asks for a snapshot; frames are passed over until it comes. */
  private greet(): void {
    this.seq = null;
    clearTimeout(this.answerTimer);
    this.answerTimer = setTimeout(
      () => this.report(isLive(this.channel) ? KERNEL_BUSY : KERNEL_DISCONNECTED),
      ANSWER_TIMEOUT_MS,
    );
    this.stopGreeting();
    this.stopGreeting = sendRepeatedly(this.channel, { type: "hello", protocol: PROTOCOL_VERSION });
  }

  private receive(content: unknown, buffers: Buffers = []): void {
    const message = content as KernelMessage;
    switch (message.type) {
      case "snapshot":
        this.takeSnapshot(message, buffers);
        break;
      case "frame":
        this.takeFrame(message, buffers);
        break;
      case "asset":
        assets.get(message.name)?.receive(message, buffers);
        break;
      case "graph":
        this.structures.resolve(message.signature, message.graph);
        break;
      case "inspection":
        this.inspections.resolve(message.request, {
          value: readStatistics(message.value, buffers),
          gradient: readStatistics(message.gradient, buffers),
          norms: message.norms,
          reason: message.reason,
          answered: true,
        });
        break;
      case "subjects":
        this.catalogues.resolve(message.request, message.subjects);
        break;
      case "histograms":
        this.gradients.resolve(message.request, readHistograms(message, buffers));
        break;
      case "picture":
        this.pictures.resolve(message.request, readPicture(message.picture, buffers));
        break;
      case "acknowledged":
        this.answers.get(message.request)?.(true);
        break;
      case "refused":
        this.takeRefusal(message);
        break;
    }
  }

  /** A refusal of another page's question is none of this one's; what has no question is said. */
  private takeRefusal(refusal: Content<"refused">): void {
    const { reason, request, question, subject } = refusal;
    if (question === "graph" && subject !== null) this.structures.fail(subject, reason);
    else if (question === "asset" && subject !== null) {
      assets.get(subject as AssetName)?.receive(refusal, []);
      assets.delete(subject as AssetName); // Whoever wants it next asks again.
    } else if (request === null) this.report(reason);
    else if (!this.numbered.some((questions) => questions.fail(request, reason))) {
      const settle = this.answers.get(request);
      if (!settle) return;
      settle(true);
      this.report(reason);
    }
  }

  private get numbered(): readonly Pick<PendingRequests<number, unknown>, "fail" | "close">[] {
    return [this.inspections, this.catalogues, this.gradients, this.pictures];
  }

  private takeSnapshot(message: Content<"snapshot">, buffers: Buffers): void {
    try {
      this.histories = new Map(
        message.blocks.map((block) => [block.id, BlockHistory.fromSnapshot(block, buffers)]),
      );
    } catch (error) {
      this.report(`labkit could not read what the kernel sent: ${error}.`);
      return;
    }
    this.graph = message.graph;
    this.course = message.course;
    this.settle(message.seq, message.run);
    this.tell("snapshot");
  }

  private takeFrame(message: Content<"frame">, buffers: Buffers): void {
    send(this.channel, { type: "received", seq: message.seq });
    if (this.seq === null) return;
    if (message.seq !== this.seq + 1) {
      this.greet();
      return;
    }
    try {
      for (const block of message.blocks) this.takeRows(block, buffers);
    } catch {
      this.greet();
      return;
    }
    if (message.graph) this.graph = message.graph;
    this.settle(message.seq, message.run);
    this.tell("frame");
  }

  private takeRows(block: Content<"frame">["blocks"][number], buffers: Buffers): void {
    const known = this.histories.get(block.id);
    const { names, columns } = block;
    const same = names === null ? known?.names.length === columns : sameNames(known, names);
    if (known && same) known.appendFrom(block, buffers);
    else this.histories.set(block.id, BlockHistory.fromRows(block, buffers));
  }

  private settle(seq: number, state: RunState): void {
    clearTimeout(this.answerTimer);
    this.stopGreeting();
    this.seq = seq;
    this.state = state;
    this.problem = null;
  }

  private report(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    this.tell("connection");
  }

  private tell(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}

function unanswered(reason: string): Inspection {
  return { value: null, gradient: null, norms: [], reason, answered: false };
}

function sameNames(known: Block | undefined, names: readonly string[]): boolean {
  return (
    known?.names.length === names.length && names.every((name, at) => name === known.names[at])
  );
}
