/**
 * The script of an exported page: unpacks the scripts and the runs that the page contains, and draws
 * its view.
 */

import type { ExportedPage, ExportedRun } from "../messages/exported";
import type { AssetName } from "../messages/page";
import type { ViewName } from "../messages/widgets";
import type { Channel } from "../transport/channel";
import { MessageRecorder } from "../transport/message-recorder";
import { PageScripts } from "../transport/page-scripts";
import { ExportedChannel } from "./channel";
import { bytesOf, readRecords } from "./records";
import { RecordedReplies } from "./replies";

const SCRIPTS: readonly AssetName[] = ["labkit.js", "plotly.js", "layout.js"];

interface OpenedRun {
  readonly name: string;
  readonly channel: Channel;
  readonly messages: MessageRecorder;
}

interface App {
  render(request: {
    view: ViewName;
    channel: Channel;
    messages: MessageRecorder;
    root: HTMLElement;
    ownMessages: null;
    compared: readonly OpenedRun[];
    nonce: string;
  }): () => void;
}

function textOf(name: string): string {
  return document.querySelector(`script[data-labkit="${name}"]`)?.textContent ?? "";
}

/** Returns the scripts as if a kernel had sent them. */
function unpackScripts(): PageScripts {
  const scripts = new PageScripts();
  for (const name of SCRIPTS) {
    const compressed = new DataView(bytesOf(textOf(name)).buffer);
    scripts.receive({ type: "asset", name }, [compressed]);
  }
  return scripts;
}

async function open(
  { run_id, name }: ExportedRun,
  place: number,
  protocol: number,
  scripts: PageScripts,
): Promise<OpenedRun> {
  const replies = new RecordedReplies(await readRecords(textOf(`run ${place}`)));
  const channel = new ExportedChannel({ protocol, run_id }, replies);
  const messages = new MessageRecorder(channel, scripts);
  channel.begin();
  return { name, channel, messages };
}

async function draw(root: HTMLElement): Promise<void> {
  const scripts = unpackScripts();
  const described = new TextDecoder().decode(bytesOf(textOf("page")));
  const { view, runs, protocol } = JSON.parse(described) as ExportedPage;
  const address = await scripts.address("labkit.js");
  const app = (await import(address)) as App;
  const opened = await Promise.all(runs.map((run, place) => open(run, place, protocol, scripts)));
  const { channel, messages } = opened[0] as OpenedRun;
  const nonce = document.querySelector("style")?.nonce ?? "";
  const compared = view === "comparison" ? opened : [];
  app.render({ view, channel, messages, root, ownMessages: null, compared, nonce });
}

const root = document.querySelector<HTMLElement>("[data-labkit-page]");
if (root) {
  draw(root).catch((error: unknown) => {
    root.textContent = `labkit's page cannot be drawn in this browser: ${error}`;
    document.querySelector("[data-labkit-still]")?.removeAttribute("hidden");
  });
}
