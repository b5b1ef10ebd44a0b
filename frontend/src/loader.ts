/**
 * The script in every view. It waits for the main script, which the kernel sends once per page, and
 * calls it to draw the view.
 *
 * `render` must return without awaiting anything: messages of the kernel are delivered only
 * afterwards, and the clean-up is needed even without a message.
 */

import type { DashboardForm } from "./messages/widgets";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  LOADING,
  LOADING_AFTER_MS,
  type ViewModel,
} from "./transport/channel";
import type { MessageRecorder } from "./transport/message-recorder";
import { channelKey, type LabkitPage, ownKey, pageOf } from "./transport/page";

/** Digest of the scripts of this build. */
declare const LABKIT_BUILD: string;

/** The channel of one run of a comparison. */
interface ComparedChannel {
  readonly name: string;
  readonly channel: Channel;
  readonly messages: MessageRecorder;
}

/** Views whose widgets exchange messages besides those of the channel. */
const WITH_MESSAGES: ReadonlySet<string> = new Set(["stepper", "runs"]);

interface App {
  render(request: {
    view: string;
    channel: Channel;
    messages: MessageRecorder;
    root: HTMLElement;
    model: ViewModel;
    ownMessages: MessageRecorder | null;
    form: DashboardForm | null;
    compared: readonly ComparedChannel[];
    openChannels(ids: readonly string[], names: readonly string[]): Promise<ComparedChannel[]>;
  }): () => void;
}

const apps = new WeakMap<LabkitPage, Promise<App>>();

/** Imports the main script when it arrives. */
function appOf(page: LabkitPage): Promise<App> {
  const known = apps.get(page);
  if (known) return known;
  const app = page.scripts.address("labkit.js").then((address) => import(address) as Promise<App>);
  apps.set(page, app);
  return app;
}

async function load(
  page: LabkitPage,
  channel: Channel,
  signal: AbortSignal,
  showMessage: (message: string) => void,
): Promise<App> {
  const cancelProblem = page.scripts.arrivals.afterSilence(ANSWER_TIMEOUT_MS, () => {
    showMessage(isLive(channel) ? KERNEL_BUSY : KERNEL_DISCONNECTED);
    page.scripts.requestFrom("labkit.js", channel);
  });
  const timer = setTimeout(() => showMessage(LOADING), LOADING_AFTER_MS);
  const stop = () => {
    clearTimeout(timer);
    cancelProblem();
  };
  signal.addEventListener("abort", stop);
  if (isLive(channel)) page.scripts.request("labkit.js", channel);
  else {
    clearTimeout(timer);
    showMessage(KERNEL_DISCONNECTED);
  }
  try {
    return await appOf(page);
  } finally {
    stop();
  }
}

/** Resolves to the channels with the given references; rejects if one of them is gone. */
function channelsOf(model: ViewModel, ids: readonly (string | null)[]): Promise<Channel[]> {
  return Promise.all(
    ids.map((id) => model.widget_manager.get_model(String(id).replace("IPY_MODEL_", ""))),
  );
}

async function start(model: ViewModel, el: HTMLElement, signal: AbortSignal): Promise<void> {
  const message = document.createElement("p");
  const showMessage = (text: string) => {
    message.textContent = text;
    el.replaceChildren(message);
  };
  const view = model.get("view");
  const ids = view === "comparison" ? (model.get("channels") ?? []) : [model.get("channel")];
  const channels = await channelsOf(model, ids).catch(() => null);
  if (signal.aborted) return;
  const channel = channels?.[0];
  if (!channels || !channel) {
    showMessage(KERNEL_DISCONNECTED);
    return;
  }
  const page = pageOf(LABKIT_BUILD);
  const named = (opened: readonly Channel[], names: readonly string[]): ComparedChannel[] =>
    opened.map((each, place) => ({
      name: names[place] ?? "",
      channel: each,
      messages: page.recorderOf(channelKey(each.get("run_id")), each),
    }));
  const all = named(channels, model.get("names") ?? []);
  const { messages } = all[0] as ComparedChannel;
  const compared = view === "comparison" ? all : [];
  try {
    const app = await load(page, channel, signal, showMessage);
    if (signal.aborted) return;
    message.remove();
    const ownMessages = WITH_MESSAGES.has(view)
      ? page.recorderOf(ownKey(view, model.get("channel")), model)
      : null;
    const form = model.get("form") ?? null;
    const close = app.render({
      view,
      channel,
      messages,
      root: el,
      model,
      ownMessages,
      form,
      compared,
      openChannels: async (wanted, names) => named(await channelsOf(model, wanted), names),
    });
    signal.addEventListener("abort", close);
  } catch (error) {
    showMessage(
      `labkit's frontend did not start: ${error instanceof Error ? error.message : error}`,
    );
  }
}

export default {
  initialize({ model }: { model: ViewModel }): void {
    const view = model.get("view");
    if (!WITH_MESSAGES.has(view)) return;
    pageOf(LABKIT_BUILD).record(ownKey(view, model.get("channel")), model);
  },

  render({ model, el }: { model: ViewModel; el: HTMLElement }): () => void {
    const lifetime = new AbortController();
    start(model, el, lifetime.signal);
    return () => lifetime.abort();
  },
};
