/** Sends requests about a run to the kernel, and resolves them with the replies. */

import type { Buffers } from "../decoding/buffers";
import { readHistograms } from "../decoding/histograms";
import { readPicture } from "../decoding/picture";
import { readSample } from "../decoding/sample";
import { readStatistics } from "../decoding/statistics";
import type { GraphData } from "../messages/graph";
import type {
  AcknowledgedMessage,
  GraphMessage,
  HistogramsMessage,
  InspectionMessage,
  PagePartMessage,
  PictureMessage,
  SampleMessage,
  SubjectsMessage,
} from "../messages/kernel";
import type { ControlAction, PageMessage } from "../messages/page";
import type { HistogramBins, PictureKind, PictureSubject } from "../messages/values";
import type {
  ChangeReply,
  ExportReply,
  GradientHistogram,
  Inspection,
  Picture,
  ReportExport,
  RequestedChange,
  Sample,
} from "../session";
import { type Channel, send } from "./channel";
import { PageExports } from "./page-exports";
import { firstRequestNumber, NO_ANSWER, PendingRequests } from "./pending-requests";

/** Time in which the kernel must acknowledge a click. */
export const CONTROL_TIMEOUT_MS = 1500;

/** The messages that reply to a request. */
export type Answer =
  | GraphMessage
  | InspectionMessage
  | Requested<SubjectsMessage>
  | Requested<HistogramsMessage>
  | Requested<PictureMessage>
  | Requested<SampleMessage>
  | PagePartMessage
  | AcknowledgedMessage;

/** A reply that may also be sent without a request. */
type Requested<M> = M & { readonly request: number };

export class RunRequests {
  /** Pending requests for graphs by their signature, as several views may request the same. */
  private readonly requestedGraphs = new Map<string, Promise<GraphData | null>>();
  private readonly structures = new PendingRequests<string, GraphData | null>(() => null);
  private readonly inspections = new PendingRequests<number, Inspection>(withoutAnswer);
  private readonly pictureSubjects = new PendingRequests<number, readonly PictureSubject[] | null>(
    () => null,
  );
  private readonly gradients = new PendingRequests<number, readonly GradientHistogram[] | null>(
    () => null,
  );
  private readonly pictures = new PendingRequests<number, Picture | null>(() => null);
  private readonly samples = new PendingRequests<number, Sample | null>(() => null);
  private readonly changes = new PendingRequests<number, ChangeReply>((reason) => ({
    answered: reason !== NO_ANSWER,
    reason,
  }));
  private readonly controls = new Map<number, (answered: boolean) => void>();
  private readonly pages: PageExports;
  private lastRequest = firstRequestNumber();

  constructor(private readonly channel: Channel) {
    this.pages = new PageExports(channel);
  }

  graphOf(signature: string): Promise<GraphData | null> {
    const pending = this.requestedGraphs.get(signature);
    if (pending) return pending;
    const answer = this.structures.add(signature);
    this.requestedGraphs.set(signature, answer);
    answer.then(() => this.requestedGraphs.delete(signature));
    send(this.channel, { type: "graph", signature });
    return answer;
  }

  inspect(name: string): Promise<Inspection> {
    return this.request(this.inspections, (request) => ({ type: "inspect", name, request }));
  }

  subjects(): Promise<readonly PictureSubject[] | null> {
    if (this.pictureSubjects.suspended) return Promise.resolve(null);
    return this.request(this.pictureSubjects, (request) => ({ type: "subjects", request }));
  }

  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null> {
    if (this.pictures.suspended) return Promise.resolve(null);
    return this.request(this.pictures, (request) => ({
      type: "picture",
      request,
      module,
      kind,
      step,
    }));
  }

  histograms(
    names: readonly string[],
    bins: HistogramBins,
    step: number | null,
  ): Promise<readonly GradientHistogram[] | null> {
    if (this.gradients.suspended) return Promise.resolve(null);
    return this.request(this.gradients, (request) => ({
      type: "histograms",
      request,
      names,
      bins,
      step,
    }));
  }

  sample(name: string, step: number | null): Promise<Sample | null> {
    if (this.samples.suspended) return Promise.resolve(null);
    return this.request(this.samples, (request) => ({ type: "sample", request, name, step }));
  }

  /** Resolves to false if the kernel does not reply in time. */
  control(action: ControlAction): Promise<boolean> {
    return this.act((request) => ({ type: "control", action, request }));
  }

  /** Resolves like `control`. */
  setPace(pace: number | null): Promise<boolean> {
    return this.act((request) => ({ type: "pace", pace, request }));
  }

  /** Resolves like `control`. */
  ignore(rule: string, ignored: boolean): Promise<boolean> {
    return this.act((request) => ({ type: "ignore", rule, ignored, request }));
  }

  change(change: RequestedChange): Promise<ChangeReply> {
    return this.request(this.changes, (request) => ({ ...change, request }));
  }

  exportPage(report: ReportExport): Promise<ExportReply> {
    this.lastRequest += 1;
    return this.pages.request(this.lastRequest, report);
  }

  private act(message: (request: number) => PageMessage): Promise<boolean> {
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve) => {
      const settle = (answered: boolean) => {
        clearTimeout(timer);
        this.controls.delete(request);
        resolve(answered);
      };
      const timer = setTimeout(settle, CONTROL_TIMEOUT_MS, false);
      this.controls.set(request, settle);
      send(this.channel, message(request));
    });
  }

  /** Resolves the request to which a message replies. */
  receive(message: Answer, buffers: Buffers): void {
    switch (message.type) {
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
        this.pictureSubjects.resolve(message.request, message.subjects);
        break;
      case "histograms":
        this.gradients.resolve(message.request, readHistograms(message, buffers));
        break;
      case "picture":
        this.pictures.resolve(message.request, readPicture(message.picture, buffers));
        break;
      case "sample":
        this.samples.resolve(message.request, readSample(message.sample, buffers));
        break;
      case "page":
        this.pages.receive(message, buffers);
        break;
      case "acknowledged":
        this.pages.acknowledge(message.request);
        if (!this.changes.resolve(message.request, { answered: true, reason: null }))
          this.controls.get(message.request)?.(true);
        break;
    }
  }

  /** Fails the pending request for a graph. */
  refuseGraph(signature: string, reason: string): void {
    this.structures.fail(signature, reason);
  }

  /**
   * Fails the request with this number. Returns whether it was a control, whose reason must be
   * shown; false if it was sent by another page.
   */
  refuse(request: number, reason: string): boolean {
    if (this.pages.refuse(request, reason)) return false;
    if (this.numbered.some((requests) => requests.fail(request, reason))) return false;
    const settle = this.controls.get(request);
    settle?.(true);
    return settle !== undefined;
  }

  /** Fails the pending requests for data, as they wait for the end of the cell. */
  failQuestions(reason: string): void {
    this.structures.failAll(reason);
    for (const each of this.questions) each.failAll(reason);
  }

  close(): void {
    for (const settle of [...this.controls.values()]) settle(false);
    for (const requests of this.numbered) requests.close();
    this.structures.close();
    this.pages.close();
  }

  private get questions() {
    const { inspections, pictureSubjects, gradients, pictures, samples } = this;
    return [inspections, pictureSubjects, gradients, pictures, samples] as const;
  }

  private get numbered(): readonly Pick<PendingRequests<number, unknown>, "fail" | "close">[] {
    return [...this.questions, this.changes];
  }

  private request<T>(
    requests: PendingRequests<number, T>,
    message: (request: number) => PageMessage,
  ): Promise<T> {
    this.lastRequest += 1;
    const answer = requests.add(this.lastRequest);
    send(this.channel, message(this.lastRequest));
    return answer;
  }
}

/** Returns the result of an inspection that the kernel did not answer. */
export function withoutAnswer(reason: string): Inspection {
  return { value: null, gradient: null, norms: [], reason, answered: false };
}
