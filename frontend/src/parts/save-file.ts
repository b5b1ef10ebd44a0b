/** Saves a file that was made in the page. */

import { make } from "./element";

/** Time after which the browser has read the contents of a file, in ms. */
const READ_MS = 10_000;

export function saveFile(contents: Blob, name: string): void {
  const address = URL.createObjectURL(contents);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), READ_MS);
}

/** Returns a name for a file of a run; its characters are allowed on all systems. */
export function fileName(run: string, what: string, ending: string): string {
  const name = run.replace(/[^\p{Letter}\p{Number}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "");
  return `${[name.slice(0, 60), what].filter(Boolean).join("-")}.${ending}`;
}
