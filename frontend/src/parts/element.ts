/** Creates elements of HTML and SVG. Text is never interpreted as markup. */

import { visibleText } from "./visible-text";

type Attributes = Readonly<Record<string, string>>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) {
    element.append(typeof child === "string" ? visibleText(child) : child);
  }
  return element;
}

/** Creates an element of SVG. */
export function makeSvg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  text = "",
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  if (text) element.textContent = visibleText(text);
  return element;
}

/** Makes the items of a list those with the given texts, unless it has them already. */
export function setItems(list: HTMLElement, texts: readonly string[]): void {
  const items = [...list.children] as HTMLElement[];
  if (items.length !== texts.length) {
    list.replaceChildren(...texts.map((text) => make("li", {}, text)));
    return;
  }
  texts.forEach((text, place) => {
    setText(items[place] as HTMLElement, text);
  });
}

/** Sets the text only if it differs, which avoids a layout of the page. */
export function setText(element: HTMLElement, text: string): void {
  const shown = visibleText(text);
  if (element.textContent !== shown) element.textContent = shown;
}
