/** The Web Worker that runs Graphviz; bundled separately as the asset "layout.js". */

import { Graphviz } from "@hpcc-js/wasm-graphviz";
import type { LayoutReply, LayoutRequest } from "./messages";

const loading = Graphviz.load();

function reply(reply: LayoutReply): void {
  postMessage(reply);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

addEventListener("message", async (event: MessageEvent<LayoutRequest>) => {
  const { request, dot } = event.data;
  try {
    const graphviz = await loading;
    reply({ type: "placed", request, json: graphviz.layout(dot, "json", "dot") });
  } catch (error) {
    reply({ type: "failed", request, message: messageOf(error) });
  }
});

loading.then(
  () => reply({ type: "ready" }),
  () => undefined, // A failure to load is reported in the reply to every request.
);
