/**
 * The session of a run that is connected to a kernel: dispatches the kernel's messages and notifies
 * the views.
 *
 * `run-data.ts` stores the data, `run-requests.ts` sends requests and resolves them,
 * `connection.ts` requests snapshots. A new snapshot is requested after a frame that is missing or
 * cannot be decoded.
 */

import type { Buffers } from "../decoding/buffers";
import type { GraphData } from "../messages/graph";
import type {
  FrameMessage,
  KernelMessage,
  MessageHandler,
  NotebookKind,
  RefusedMessage,
  SnapshotMessage,
} from "../messages/kernel";
import type { AssetName, ControlAction } from "../messages/page";
import { PROTOCOL_VERSION } from "../messages/protocol";
import type { Finding, FindingsHistory, Progress, RunState, RunStatus } from "../messages/run";
import type { SampleSeries } from "../messages/samples";
import type { Tuning } from "../messages/tuning";
import type { HistogramBins, PictureKind } from "../messages/values";
import { takeDrawingTime } from "../rendering/drawing-frame";
import { isAnyInSight, watchPage } from "../rendering/visibility";
import type {
  Change,
  ChangeReply,
  Delivery,
  ExportReply,
  ReportExport,
  RequestedChange,
  RunSession,
  SeriesTable,
  StepMark,
} from "../session";
import { Acknowledgements } from "./acknowledgements";
import { type Channel, ONE_WAY, send } from "./channel";
import { Connection } from "./connection";
import { KnownGraphs } from "./known-graphs";
import type { MessageRecorder } from "./message-recorder";
import { areOutputsInPlace } from "./outputs-in-place";
import { PushedReplies, type PushedReply } from "./pushed-replies";
import { RunData } from "./run-data";
import { RunRequests, withoutAnswer } from "./run-requests";

export class LiveSession implements RunSession {
  readonly runId: string;
  cursor: number | null = null;
  selected: string | null = null;
  mark: StepMark | null = null;
  readonly beside = null;
  problem: string | null = null;
  private readonly data = new RunData();
  private readonly requests: RunRequests;
  private readonly replies = new PushedReplies();
  private readonly graphs = new KnownGraphs();
  private readonly connection: Connection;
  private readonly acknowledgements = new Acknowledgements();
  private readonly listeners = new Set<(change: Change) => void>();
  private handler: MessageHandler | null = null;
  private hasConnected = false;
  /** The number of the last message; null before the first. */
  private received: number | null = null;
  /** The number of messages since the last acknowledgement. */
  private framesReceived = 0;
  private readonly endWatch: () => void;
  /** Whether an earlier session of this page has received a snapshot. */
  private readonly wasSentBefore: boolean;

  constructor(
    readonly channel: Channel,
    private readonly messages: MessageRecorder,
  ) {
    this.runId = String(channel.get("run_id"));
    this.requests = new RunRequests(channel);
    this.wasSentBefore = messages.hasDelivered;
    this.connection = new Connection(channel, messages, {
      onMessage: (content, buffers) => this.receive(content as KernelMessage, buffers),
      onConnected: () => this.connect(),
      onProblem: (problem) => this.setProblem(problem),
    });
    this.endWatch = watchPage(() => this.report());
    this.connection.open();
  }

  get state(): RunState | null {
    return this.data.state;
  }

  get progress(): Progress {
    return this.data.progress;
  }

  get graph(): GraphData | null {
    return this.data.graph;
  }

  get findings(): readonly Finding[] {
    return this.data.findings;
  }

  get history(): FindingsHistory {
    return this.data.history;
  }

  get frozen(): ReadonlySet<string> {
    return this.data.frozen;
  }

  get configuration(): Readonly<Record<string, string>> {
    return this.data.configuration;
  }

  get tuning(): Tuning {
    return this.data.tuning;
  }

  get samples(): readonly SampleSeries[] {
    return this.data.samples;
  }

  get course(): string | null {
    return this.data.course;
  }

  get notebook(): NotebookKind {
    return this.data.notebook;
  }

  get exported(): number | null {
    return this.data.exported;
  }

  get tables(): readonly SeriesTable[] {
    return this.data.tables;
  }

  get isOneWay(): boolean {
    return this.isLive && this.acknowledgements.isOneWay;
  }

  get pushed(): number {
    return this.replies.count;
  }

  get drawsAll(): boolean {
    return this.data.drawsAll;
  }

  get delivery(): Delivery | null {
    if (!this.isLive) return null;
    const clicks = this.acknowledgements.isOneWay ? "cell end" : this.handler;
    return clicks === null ? null : { clicks, isText: this.messages.isText };
  }

  /** Whether a loop is watched, and its messages arrive. */
  private get isLive(): boolean {
    return isOpen(this.state) && this.problem === null;
  }

  get isLoading(): boolean {
    return this.data.isLoading;
  }

  async graphOf(signature: string): Promise<GraphData | null> {
    const known = this.graphs.get(signature);
    if (known || this.isOneWay) return known;
    const graph = await this.requests.graphOf(signature);
    if (graph) this.graphs.add(graph);
    return graph;
  }

  inspect(name: string) {
    if (this.isOneWay) return Promise.resolve(withoutAnswer(ONE_WAY));
    return this.requests.inspect(name);
  }

  async subjects() {
    const found = this.drawsPushed ? null : await this.requests.subjects();
    return found ?? this.replies.subjects;
  }

  async picture(module: string, kind: PictureKind, step: number | null) {
    const found = this.drawsPushed ? null : await this.requests.picture(module, kind, step);
    return found ?? this.replies.picture(module, kind, step);
  }

  async sample(name: string, step: number | null) {
    const found = this.drawsPushed ? null : await this.requests.sample(name, step);
    return found ?? this.replies.sample(name, step);
  }

  async histograms(names: readonly string[], bins: HistogramBins, step: number | null) {
    const found = this.drawsPushed ? null : await this.requests.histograms(names, bins, step);
    return found ?? (this.pushed > 0 ? this.replies.histograms(names, bins, step) : null);
  }

  control(action: ControlAction): Promise<boolean> {
    return this.requests.control(action);
  }

  setPace(pace: number | null): Promise<boolean> {
    return this.requests.setPace(pace);
  }

  ignore(rule: string, ignored: boolean): Promise<boolean> {
    return this.requests.ignore(rule, ignored);
  }

  changeTraining(change: RequestedChange): Promise<ChangeReply> {
    return this.requests.change(change);
  }

  exportPage(report: ReportExport): Promise<ExportReply> {
    return this.requests.exportPage(report);
  }

  asset(name: AssetName): Promise<string> {
    const { versionProblem } = this.connection;
    if (versionProblem !== null) return Promise.reject(new Error(versionProblem));
    return this.messages.scripts.request(name, this.channel);
  }

  setCursor(step: number | null): void {
    if (step === this.cursor) return;
    this.cursor = step;
    this.notify("cursor");
  }

  select(name: string | null): void {
    this.selected = name;
    this.notify("selection");
  }

  setMark(mark: StepMark | null): void {
    if (mark === this.mark) return;
    this.mark = mark;
    this.notify("mark");
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.connection.stopWaiting();
    this.endWatch();
    this.requests.close();
    this.listeners.clear();
    this.connection.close();
  }

  /** Requests a snapshot, unless the kernel sent one before the session was opened. */
  private connect(): void {
    const isReconnected = this.hasConnected;
    this.hasConnected = true;
    if (isReconnected || this.data.state === null) {
      this.requestSnapshot(isReconnected || this.wasSentBefore);
    }
  }

  private requestSnapshot(again: boolean): void {
    this.data.awaitSnapshot();
    this.connection.requestSnapshot(again);
  }

  private receive(message: KernelMessage, buffers: Buffers): void {
    switch (message.type) {
      case "snapshot":
        this.receiveSnapshot(message, buffers);
        break;
      case "frame":
        this.receiveFrame(message, buffers);
        break;
      case "refused":
        this.receiveRefusal(message);
        break;
      case "subjects":
      case "histograms":
      case "picture":
      case "sample":
        if (message.request === null) this.receivePushed(message, buffers);
        else this.requests.receive({ ...message, request: message.request }, buffers);
        break;
      case "graph":
      case "inspection":
      case "acknowledged":
      case "page":
        this.requests.receive(message, buffers);
        break;
    }
  }

  /** Stores what the kernel has sent without a request; the views draw it with the next frame. */
  private receivePushed(message: PushedReply, buffers: Buffers): void {
    try {
      this.replies.receive(message, buffers);
    } catch (error) {
      this.setProblem(`labkit could not read what the kernel sent: ${error}.`);
    }
  }

  /**
   * Whether views draw what the kernel has sent without a request: a loop is watched, and its pages'
   * messages wait for the end of the cell, or it has never received an acknowledgement.
   */
  private get drawsPushed(): boolean {
    const { isOneWay, isRead } = this.acknowledgements;
    return this.pushed > 0 && this.isLive && (isOneWay || !isRead);
  }

  /** Acknowledges a snapshot or a frame, unless an earlier one was acknowledged a moment ago. */
  private acknowledge(message: SnapshotMessage | FrameMessage): void {
    const { seq, acknowledged, handler } = message;
    this.handler = handler;
    this.received = seq;
    this.framesReceived += 1;
    const now = performance.now();
    const isAwaited = this.isLoading || (message.type === "frame" && message.awaited);
    const wasOneWay = this.acknowledgements.isOneWay;
    if (this.acknowledgements.receive(seq, acknowledged, now, isAwaited)) this.report();
    if (this.isOneWay && !wasOneWay) this.requests.failQuestions(ONE_WAY);
  }

  /** Acknowledges the last message, and reports what drawing the frames has cost. */
  private report(): void {
    if (this.received === null) return;
    const drawing = takeDrawingTime() / Math.max(1, this.framesReceived);
    this.framesReceived = 0;
    const place = {
      local: isLocal(globalThis.location?.hostname),
      in_sight: isAnyInSight(),
      in_place: areOutputsInPlace(),
    };
    send(this.channel, { type: "received", seq: this.received, drawing, ...place });
  }

  private receiveSnapshot(message: SnapshotMessage, buffers: Buffers): void {
    try {
      this.data.applySnapshot(message, buffers);
    } catch (error) {
      this.setProblem(`labkit could not read what the kernel sent: ${error}.`);
      return;
    } finally {
      this.acknowledge(message);
    }
    if (message.graph) this.graphs.add(message.graph);
    this.connection.stopWaiting();
    this.problem = null;
    this.notify("snapshot");
  }

  /** Applies a frame, unless a snapshot is awaited. */
  private receiveFrame(message: FrameMessage, buffers: Buffers): void {
    const result = this.data.applyFrame(message, buffers);
    this.acknowledge(message);
    if (result === "lost") this.requestSnapshot(true);
    if (result !== "applied") return;
    if (message.graph) this.graphs.add(message.graph);
    this.connection.stopWaiting();
    this.problem = null;
    this.notify("frame");
  }

  /**
   * Fails the refused request. The refusal of a control, or one without a request, becomes the
   * problem of the session. A refusal of another page's request is ignored, as is that of a page
   * with another protocol version.
   */
  private receiveRefusal(refusal: RefusedMessage): void {
    const { reason, request, question, subject } = refusal;
    if (question === "hello" && subject !== String(PROTOCOL_VERSION)) return;
    if (question === "graph" && subject !== null) this.requests.refuseGraph(subject, reason);
    else if (request === null || this.requests.refuse(request, reason)) this.setProblem(reason);
  }

  private setProblem(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    this.notify("connection");
  }

  private notify(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}

/** Whether a host is this machine; a tunnel to another one looks the same. */
function isLocal(host: string | undefined): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "[::1]";
}

const OPEN: readonly RunStatus[] = ["waiting", "running", "pausing", "paused"];

function isOpen(state: RunState | null): boolean {
  return state !== null && OPEN.includes(state.status);
}
