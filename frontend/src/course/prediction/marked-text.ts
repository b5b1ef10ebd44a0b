/**
 * The little markup of the course's texts: `code` and *emphasis*, as in `labkit/learn/marked_text`.
 * Everything else is text.
 */

import { visibleText } from "../../parts/visible-text";

const CODE = /`([^`]*)`/;
/** The asterisks of a product stand between spaces, or between letters and digits. */
const EMPHASIS = /(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])/;

/** Returns the nodes of a text. */
export function markedText(text: string): Node[] {
  return visibleText(text)
    .split(CODE)
    .flatMap((piece, place) => (place % 2 ? [wrapped("code", piece)] : emphasised(piece)));
}

function emphasised(text: string): Node[] {
  return text
    .split(EMPHASIS)
    .map((piece, place) => (place % 2 ? wrapped("em", piece) : document.createTextNode(piece)));
}

function wrapped(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
