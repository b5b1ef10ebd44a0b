/**
 * The replies that the kernel has sent without a request, because requests of this page, or of
 * another one, wait for the end of the cell.
 */

import type { Buffers } from "../decoding/buffers";
import { readHistograms } from "../decoding/histograms";
import { readPicture } from "../decoding/picture";
import { readSample } from "../decoding/sample";
import type {
  HistogramsMessage,
  PictureMessage,
  SampleMessage,
  SubjectsMessage,
} from "../messages/kernel";
import type { HistogramBins, PictureKind, PictureSubject } from "../messages/values";
import type { GradientHistogram, Picture, Sample } from "../session";
import { StepHistory } from "./step-history";

/** A message that may be sent without a request; then its `request` is null. */
export type PushedReply = SubjectsMessage | PictureMessage | HistogramsMessage | SampleMessage;

export class PushedReplies {
  /** Number of replies received. */
  count = 0;
  /** Null before the first list. */
  subjects: readonly PictureSubject[] | null = null;
  private readonly pictures = new Map<string, StepHistory<Picture>>();
  private readonly gradients = new Map<string, StepHistory<GradientHistogram>>();
  private readonly samples = new Map<string, StepHistory<Sample>>();

  /** Stores a reply; throws a `DecodeError` if it cannot be decoded. */
  receive(message: PushedReply, buffers: Buffers): void {
    switch (message.type) {
      case "subjects":
        this.subjects = message.subjects;
        break;
      case "picture": {
        const picture = readPicture(message.picture, buffers);
        if (picture) add(this.pictures, pictureKey(picture.module, picture.kind), picture);
        break;
      }
      case "histograms":
        for (const histogram of readHistograms(message, buffers))
          add(this.gradients, `${message.bins} ${histogram.name}`, histogram);
        break;
      case "sample": {
        const sample = readSample(message.sample, buffers);
        if (sample) add(this.samples, sample.name, sample);
        break;
      }
    }
    this.count += 1;
  }

  /** Returns the newest picture up to a step, or the newest of all; null if there is none. */
  picture(module: string, kind: PictureKind, step: number | null): Picture | null {
    return this.pictures.get(pictureKey(module, kind))?.at(step) ?? null;
  }

  /** Returns the newest sample up to a step, or the newest of all; null if there is none. */
  sample(name: string, step: number | null): Sample | null {
    return this.samples.get(name)?.at(step) ?? null;
  }

  /** Returns the newest histograms up to a step, or the newest of all. */
  histograms(
    names: readonly string[],
    bins: HistogramBins,
    step: number | null,
  ): readonly GradientHistogram[] {
    return names.flatMap((name) => this.gradients.get(`${bins} ${name}`)?.at(step) ?? []);
  }
}

function add<T extends { readonly step: number }>(
  histories: Map<string, StepHistory<T>>,
  key: string,
  value: T,
): void {
  const history = histories.get(key) ?? new StepHistory<T>();
  histories.set(key, history);
  history.add(value);
}

function pictureKey(module: string, kind: PictureKind): string {
  return `${kind} ${module}`;
}
