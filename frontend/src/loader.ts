/**
 * The script in every view. It requests the main script from the kernel once per page, and calls it
 * to draw the view.
 *
 * `render` must return without awaiting anything: messages of the kernel are delivered only
 * afterwards, and the clean-up is needed even without a message.
 */

import { PendingAsset } from "./transport/assets";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  type MessageListener,
  type ViewModel,
} from "./transport/channel";

/** Digest of the scripts of this build; a page can contain two builds. */
declare const LABKIT_BUILD: string;

interface App {
  render(request: {
    view: string;
    channel: Channel;
    root: HTMLElement;
    model: ViewModel;
  }): () => void;
}

interface PageScripts {
  readonly script: PendingAsset;
  readonly app: Promise<App>;
}

function page(): PageScripts {
  const key = Symbol.for(`labkit/${LABKIT_BUILD}`);
  const pages = globalThis as unknown as Record<symbol, PageScripts | undefined>;
  const known = pages[key];
  if (known) return known;
  const script = new PendingAsset("labkit.js");
  const made = { script, app: script.address.then((address) => import(address) as Promise<App>) };
  pages[key] = made;
  return made;
}

async function load(
  channel: Channel,
  signal: AbortSignal,
  showMessage: (message: string) => void,
): Promise<App> {
  const { script, app } = page();
  const listen: MessageListener = (content, buffers) => script.receive(content, buffers);
  channel.on("msg:custom", listen);
  const timer = setTimeout(() => {
    showMessage(isLive(channel) ? KERNEL_BUSY : KERNEL_DISCONNECTED);
    script.requestFrom(channel);
  }, ANSWER_TIMEOUT_MS);
  const stop = () => {
    clearTimeout(timer);
    channel.off("msg:custom", listen);
  };
  signal.addEventListener("abort", stop);
  if (isLive(channel)) script.request(channel);
  else showMessage(KERNEL_DISCONNECTED);
  try {
    return await app;
  } finally {
    stop();
  }
}

async function start(model: ViewModel, el: HTMLElement, signal: AbortSignal): Promise<void> {
  const message = document.createElement("p");
  const showMessage = (text: string) => {
    message.textContent = text;
    el.replaceChildren(message);
  };
  const id = String(model.get("channel")).replace("IPY_MODEL_", "");
  const channel = await model.widget_manager.get_model(id).catch(() => null);
  if (signal.aborted) return;
  if (!channel) {
    showMessage(KERNEL_DISCONNECTED);
    return;
  }
  try {
    const app = await load(channel, signal, showMessage);
    if (signal.aborted) return;
    message.remove();
    const close = app.render({ view: String(model.get("view")), channel, root: el, model });
    signal.addEventListener("abort", close);
  } catch (error) {
    showMessage(
      `labkit's frontend did not start: ${error instanceof Error ? error.message : error}`,
    );
  }
}

export default {
  render({ model, el }: { model: ViewModel; el: HTMLElement }): () => void {
    const lifetime = new AbortController();
    start(model, el, lifetime.signal);
    return () => lifetime.abort();
  },
};
