/** Scripts that the kernel sends once per page. */

import type { Buffers } from "../decoding/buffers";
import type { AssetName, KernelMessage } from "../protocol";
import { type Channel, isLive } from "./channel";
import { sendRepeatedly } from "./send-repeatedly";

/** A script that was asked for, and perhaps has come. */
export class PendingAsset {
  readonly address: Promise<string>;
  private resolve: (address: string) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private asked: Channel | null = null;
  private arrived = false;
  private stopAsking: () => void = () => undefined;

  constructor(private readonly name: AssetName) {
    this.address = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.address.catch(() => undefined); // Whoever awaits it says so.
  }

  /** Asks on this channel, unless it has come or another kernel is busy sending it. */
  ask(channel: Channel): void {
    if (this.arrived || (this.asked !== null && this.asked !== channel && isLive(this.asked)))
      return;
    if (this.asked === channel) return;
    this.asked = channel;
    this.stopAsking();
    this.stopAsking = sendRepeatedly(channel, { type: "asset", name: this.name });
  }

  /** Asks on this channel too, because the kernel that was asked does not answer. */
  askAlso(channel: Channel): void {
    if (this.arrived || this.asked === channel) return;
    this.asked = null;
    this.ask(channel);
  }

  private refuse(reason: string): void {
    this.stopAsking();
    this.reject(new Error(reason));
  }

  /** Takes in a message from the kernel if it is this script, or refuses it. */
  receive(content: unknown, buffers: Buffers | undefined): void {
    if (this.arrived) return;
    const refused = content as Partial<Refusal>;
    if (refused.type === "refused" && refused.subject === this.name) {
      this.refuse(refused.reason ?? "");
    }
    if (!isAsset(content, this.name)) return;
    const compressed = buffers?.[0];
    if (!compressed) return;
    this.arrived = true;
    this.stopAsking();
    unpack(compressed).then(this.resolve, this.reject);
  }
}

type Refusal = Extract<KernelMessage, { type: "refused" }>;

function isAsset(content: unknown, name: AssetName): boolean {
  const { type, name: sent } = (content ?? {}) as { type?: unknown; name?: unknown };
  return type === "asset" && sent === name;
}

async function unpack(compressed: DataView): Promise<string> {
  const bytes = new Uint8Array(compressed.buffer, compressed.byteOffset, compressed.byteLength);
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).blob();
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}
