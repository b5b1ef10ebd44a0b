/** The script in every channel: records the messages that arrive before a view reads them. */

import type { Channel } from "./transport/channel";
import { channelKey, pageOf } from "./transport/page";

/** Digest of the scripts of this build. */
declare const LABKIT_BUILD: string;

export default {
  initialize({ model }: { model: Channel }): void {
    pageOf(LABKIT_BUILD).record(channelKey(model.get("run_id")), model);
  },
};
