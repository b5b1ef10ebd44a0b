/** The scripts of this page, shared by all runs and kernels. */

import type { Buffers } from "../decoding/buffers";
import type { AssetMessage, RefusedMessage } from "../messages/kernel";
import type { AssetName } from "../messages/page";
import { PendingAsset } from "./assets";
import type { Channel } from "./channel";

const assets = new Map<AssetName, PendingAsset>();

/** Requests a script unless the page has it; resolves to its URL. */
export function requestAsset(name: AssetName, channel: Channel): Promise<string> {
  const asset = assets.get(name) ?? new PendingAsset(name);
  assets.set(name, asset);
  asset.request(channel);
  return asset.address;
}

export function receiveAsset(message: AssetMessage, buffers: Buffers): void {
  assets.get(message.name)?.receive(message, buffers);
}

/** Rejects a pending script; the next request for it is sent to the kernel again. */
export function refuseAsset(name: AssetName, refusal: RefusedMessage): void {
  assets.get(name)?.receive(refusal, []);
  assets.delete(name);
}
