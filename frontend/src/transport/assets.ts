/** A script that the kernel sends once per page. */

import type { Buffers } from "../decoding/buffers";
import type { RefusedMessage } from "../messages/kernel";
import type { AssetName, AssetRequest } from "../messages/page";
import type { Arrivals } from "./arrivals";
import { type Channel, isLive } from "./channel";
import { sendRepeatedly } from "./send-repeatedly";

/** A script that may have been requested, and may have arrived. */
export class PendingAsset {
  readonly address: Promise<string>;
  private resolve: (address: string) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private requestedFrom: Channel | null = null;
  private arrived = false;
  private stopResending: () => void = () => undefined;

  constructor(
    private readonly name: AssetName,
    private readonly arrivals: Arrivals,
  ) {
    this.address = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.address.catch(() => undefined); // The rejection is handled where the address is awaited.
  }

  /** Requests the script, unless it has arrived or was requested from another live kernel. */
  request(channel: Channel): void {
    if (
      this.arrived ||
      (this.requestedFrom !== null && this.requestedFrom !== channel && isLive(this.requestedFrom))
    )
      return;
    if (this.requestedFrom === channel) return;
    this.requestedFrom = channel;
    this.stopResending();
    const message = (again: boolean): AssetRequest => ({ type: "asset", name: this.name, again });
    this.stopResending = sendRepeatedly(channel, message, this.arrivals);
  }

  /** Requests the script from a second kernel, because the first does not reply. */
  requestFrom(channel: Channel): void {
    if (this.arrived || this.requestedFrom === channel) return;
    this.requestedFrom = null;
    this.request(channel);
  }

  private fail(reason: string): void {
    this.stopResending();
    this.reject(new Error(reason));
  }

  /** Handles a message: resolves for this script, rejects for its refusal, ignores all others. */
  receive(content: unknown, buffers: Buffers | undefined): void {
    if (this.arrived) return;
    const refused = content as Partial<RefusedMessage>;
    if (refused.type === "refused" && refused.subject === this.name) {
      this.fail(refused.reason ?? "");
    }
    if (!isAsset(content, this.name)) return;
    const compressed = buffers?.[0];
    if (!compressed) return;
    this.arrived = true;
    this.stopResending();
    unpack(compressed).then(this.resolve, this.reject);
  }
}

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
