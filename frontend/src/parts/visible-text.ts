/** Replaces what is not visible in a text but changes how the text around it is displayed. */

/** Control characters except tabs and ends of lines, and those that reorder what follows. */
const HIDDEN = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu;
const REPLACEMENT = "\ufffd";

export function visibleText(text: string): string {
  return text.replace(HIDDEN, REPLACEMENT);
}
