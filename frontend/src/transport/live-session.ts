/**
 * A run as this page knows it: takes in what the kernel sends, and asks for a
 * snapshot when a frame is missing or cannot be read.
 */

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
  type Buffers,
  type Channel,
  GONE,
  isLive,
  type MessageListener,
  PATIENCE,
  say,
  WAITING,
} from "./channel";
import { readHistograms } from "./histograms";
import { readPicture } from "./picture";
import { Questions } from "./questions";
import { sayRepeatedly } from "./repeat";
import { readStatistics } from "./statistics";

/** How long a click may stay unanswered, in ms. */
export const CONTROL_PATIENCE = 1500;

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
  private readonly wanted = new Map<string, (graph: GraphData | null) => void>();
  private requests = 0;
  private readonly inspections = new Questions<Inspection>({ value: null, gradient: null });
  private readonly catalogues = new Questions<readonly PictureSubject[]>([]);
  private readonly gradients = new Questions<readonly GradientHistogram[]>([]);
  private readonly pictures = new Questions<Picture | null>(null);
  private readonly answers = new Map<number, (answered: boolean) => void>();
  private readonly listeners = new Set<(change: Change) => void>();
  private stopGreeting: () => void = () => undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private readonly onMessage: MessageListener = (content, buffers) => this.hear(content, buffers);
  private readonly onConnection = () => this.reconnect();
  private readonly onClose = () => this.report(GONE);

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
    const asked = new Promise<GraphData | null>((resolve) => this.wanted.set(signature, resolve));
    this.graphs.set(signature, asked);
    say(this.channel, { type: "graph", signature });
    return asked;
  }

  inspect(name: string): Promise<Inspection> {
    return this.ask(this.inspections, (request) => ({ type: "inspect", name, request }));
  }

  subjects(): Promise<readonly PictureSubject[]> {
    return this.ask(this.catalogues, (request) => ({ type: "subjects", request }));
  }

  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null> {
    return this.ask(this.pictures, (request) => ({ type: "picture", request, module, kind, step }));
  }

  histograms(
    names: readonly string[],
    bins: "magnitude" | "even",
    step: number | null,
  ): Promise<readonly GradientHistogram[]> {
    return this.ask(this.gradients, (request) => ({
      type: "histograms",
      request,
      names,
      bins,
      step,
    }));
  }

  private ask<T>(questions: Questions<T>, message: (request: number) => PageMessage): Promise<T> {
    this.requests += 1;
    const answer = questions.wait(this.requests);
    say(this.channel, message(this.requests));
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
      const timer = setTimeout(settle, CONTROL_PATIENCE, false);
      this.answers.set(request, settle);
      say(this.channel, { type: "control", action, request });
    });
  }

  asset(name: AssetName): Promise<string> {
    const known = assets.get(name);
    const asset = known ?? new PendingAsset(name);
    assets.set(name, asset);
    asset.ask(this.channel);
    return asset.address;
  }

  close(): void {
    clearTimeout(this.patience);
    this.stopGreeting();
    for (const settle of [...this.answers.values()]) settle(false);
    for (const questions of [this.inspections, this.catalogues, this.gradients, this.pictures])
      questions.close();
    this.listeners.clear();
    this.channel.off("msg:custom", this.onMessage);
    this.channel.off("comm_live_update", this.onConnection);
    this.channel.off("comm:close", this.onClose);
  }

  private reconnect(): void {
    if (isLive(this.channel)) this.greet();
    else this.report(GONE);
  }

  /** Asks for a snapshot; frames are passed over until it comes. */
  private greet(): void {
    this.seq = null;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.report(isLive(this.channel) ? WAITING : GONE), PATIENCE);
    this.stopGreeting();
    this.stopGreeting = sayRepeatedly(this.channel, { type: "hello", protocol: PROTOCOL_VERSION });
  }

  private hear(content: unknown, buffers: Buffers = []): void {
    const message = content as KernelMessage;
    switch (message.type) {
      case "snapshot":
        this.takeSnapshot(message, buffers);
        break;
      case "frame":
        this.takeFrame(message, buffers);
        break;
      case "asset":
        assets.get(message.name)?.hear(message, buffers);
        break;
      case "graph":
        this.wanted.get(message.signature)?.(message.graph);
        this.wanted.delete(message.signature);
        break;
      case "inspection":
        this.inspections.answer(message.request, {
          value: readStatistics(message.value, buffers),
          gradient: readStatistics(message.gradient, buffers),
        });
        break;
      case "subjects":
        this.catalogues.answer(message.request, message.subjects);
        break;
      case "histograms":
        this.gradients.answer(message.request, readHistograms(message, buffers));
        break;
      case "picture":
        this.pictures.answer(message.request, readPicture(message.picture, buffers));
        break;
      case "acknowledged":
        this.answers.get(message.request)?.(true);
        break;
      case "refused":
        this.report(message.reason);
        break;
    }
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
    say(this.channel, { type: "received", seq: message.seq });
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
    clearTimeout(this.patience);
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

function sameNames(known: Block | undefined, names: readonly string[]): boolean {
  return (
    known?.names.length === names.length && names.every((name, at) => name === known.names[at])
  );
}
