/** What the scripts of one build share on a page; a page can contain two builds. */

import { MessageRecorder, type RecordedModel } from "./message-recorder";
import { PageScripts } from "./page-scripts";

export class LabkitPage {
  readonly scripts = new PageScripts();
  private readonly recorders = new Map<string, MessageRecorder>();

  /** Records the messages of a new model. */
  record(key: string, model: RecordedModel): MessageRecorder {
    const recorder = new MessageRecorder(model, this.scripts);
    this.recorders.set(key, recorder);
    return recorder;
  }

  /** Returns the recorder of a model; creates it if the front end has not initialised the model. */
  recorderOf(key: string, model: RecordedModel): MessageRecorder {
    return this.recorders.get(key) ?? this.record(key, model);
  }
}

/** Returns the shared object of a build; creates it for the first script that needs it. */
export function pageOf(build: string): LabkitPage {
  const key = Symbol.for(`labkit/${build}`);
  const pages = globalThis as unknown as Record<symbol, LabkitPage | undefined>;
  const page = pages[key] ?? new LabkitPage();
  pages[key] = page;
  return page;
}

/** The key of a run's channel. */
export function channelKey(runId: string): string {
  return `run ${runId}`;
}

/** The key of a view with messages of its own, which uses a channel. */
export function ownKey(view: string, channel: string | null): string {
  return `${view} ${channel}`;
}
