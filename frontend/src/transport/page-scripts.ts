/** The scripts of a page, shared by all runs and kernels with the same build. */

import type { Buffers } from "../decoding/buffers";
import type { AssetName } from "../messages/page";
import { Arrivals } from "./arrivals";
import { PendingAsset } from "./assets";
import type { Channel } from "./channel";

export class PageScripts {
  /** When parts of large messages arrive on this page. */
  readonly arrivals = new Arrivals();
  private readonly assets = new Map<AssetName, PendingAsset>();

  /** Requests a script unless the page has it; resolves to its URL. */
  request(name: AssetName, channel: Channel): Promise<string> {
    const asset = this.pending(name);
    asset.request(channel);
    return asset.address;
  }

  /** Requests a script from a second kernel, because the first does not reply. */
  requestFrom(name: AssetName, channel: Channel): void {
    this.pending(name).requestFrom(channel);
  }

  /** Resolves to the URL of a script, without requesting it. */
  address(name: AssetName): Promise<string> {
    return this.pending(name).address;
  }

  /**
   * Handles a script, requested or not, or its refusal, after which the next request is sent again.
   * Returns whether the message was one of the two.
   */
  receive(content: unknown, buffers: Buffers): boolean {
    const { type, name, question, subject } = (content ?? {}) as Record<string, unknown>;
    if (type === "asset") {
      this.pending(name as AssetName).receive(content, buffers);
      return true;
    }
    if (type !== "refused" || question !== "asset") return false;
    this.assets.get(subject as AssetName)?.receive(content, buffers);
    this.assets.delete(subject as AssetName);
    return true;
  }

  private pending(name: AssetName): PendingAsset {
    const asset = this.assets.get(name) ?? new PendingAsset(name, this.arrivals);
    this.assets.set(name, asset);
    return asset;
  }
}
