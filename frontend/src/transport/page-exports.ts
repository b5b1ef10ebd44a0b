/** Requests the run as an HTML page, which the kernel sends in parts. */

import type { Buffers } from "../decoding/buffers";
import type { PagePartMessage } from "../messages/kernel";
import type { ExportReply, ReportExport } from "../session";
import { type Channel, KERNEL_DISCONNECTED, send } from "./channel";

/** Time in which the kernel must acknowledge the request. */
export const EXPORT_TIMEOUT_MS = 1500;

interface PendingExport {
  readonly report: ReportExport;
  readonly parts: BlobPart[];
  readonly settle: (reply: ExportReply) => void;
}

export class PageExports {
  private readonly pending = new Map<number, PendingExport>();

  constructor(private readonly channel: Channel) {}

  request(request: number, report: ReportExport): Promise<ExportReply> {
    return new Promise((resolve) => {
      const timer = setTimeout(report, EXPORT_TIMEOUT_MS, "unanswered");
      const settle = (reply: ExportReply) => {
        clearTimeout(timer);
        this.pending.delete(request);
        resolve(reply);
      };
      const reportProgress: ReportExport = (progress) => {
        clearTimeout(timer);
        report(progress);
      };
      this.pending.set(request, { report: reportProgress, parts: [], settle });
      send(this.channel, { type: "export", request });
    });
  }

  acknowledge(request: number): void {
    this.pending.get(request)?.report(0);
  }

  /** Stores a part; the last one completes the page. */
  receive({ request, index, count }: PagePartMessage, buffers: Buffers): void {
    const found = this.pending.get(request);
    const part = buffers[0];
    if (!found || !part) return;
    found.parts[index] = part as DataView<ArrayBuffer>;
    found.report((index + 1) / count);
    if (index + 1 === count) unpack(found.parts).then((page) => found.settle({ page }), failed);
    function failed(error: unknown) {
      found?.settle({ page: null, reason: `The page could not be read: ${error}.` });
    }
  }

  /** Returns whether a request with this number was pending. */
  refuse(request: number, reason: string): boolean {
    const found = this.pending.get(request);
    found?.settle({ page: null, reason });
    return found !== undefined;
  }

  close(): void {
    for (const { settle } of [...this.pending.values()]) {
      settle({ page: null, reason: KERNEL_DISCONNECTED });
    }
  }
}

async function unpack(parts: readonly BlobPart[]): Promise<Blob> {
  const stream = new Blob([...parts]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Blob([await new Response(stream).arrayBuffer()], { type: "text/html;charset=utf-8" });
}
