/**
 * Removes from a logged figure what would make the page request an address or open a link. A figure
 * may come from the file of somebody else, and plotly.js takes images, links and styles from it.
 */

/** Images within the figure itself. */
const OWN_IMAGE = /^data:image\/(png|jpeg|gif|webp|bmp|svg\+xml)[;,]/i;
/** The prototype of all objects, and buttons that could send the figure to a server. */
const LEFT_OUT: readonly string[] = ["__proto__", "modebar"];
/** As plotly finds the tags in a text. */
const TAGS = /<[^<>]*>/g;
const TAG =
  /^<(\/?)(b|i|em|strong|sub|sup|s|u|span|br)(?:\s+style\s*=\s*["']([^"']*)["'])?\s*\/?>$/i;
const LINK = /^<(\/?)a(?:\s|>)/i;
const DECLARATION =
  /^\s*(?:color|font-(?:size|style|weight|family)|text-decoration)\s*:\s*(?:[#\w\s,.%-]*|(?:rgb|hsl)a?\([\d\s,.%]*\))\s*$/i;

/** Returns a copy of data of a figure, at any depth. `key` is its name in the object around it. */
export function harmless(value: unknown, key = ""): unknown {
  if (typeof value === "string") return harmlessText(value, key);
  if (Array.isArray(value)) return value.map((each) => harmless(each, key));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !LEFT_OUT.includes(name));
  return Object.fromEntries(entries.map(([name, each]) => [name, harmless(each, name)]));
}

/** A key may be a path, as in the arguments of a button: `images[0].source`. */
function harmlessText(text: string, key: string): string {
  if (/(^|\.)source$/.test(key)) return OWN_IMAGE.test(text) ? text : "";
  return text.replace(TAGS, harmlessTag);
}

/**
 * Returns a tag that only changes the look of text. Links become plain text; other tags are shown as
 * they are written, since what is left around a removed one could be a tag itself.
 */
function harmlessTag(tag: string): string {
  const link = LINK.exec(tag);
  if (link) return `<${link[1]}span>`;
  const [, slash, name, style] = TAG.exec(tag) ?? [];
  if (name === undefined) return `&lt;${tag.slice(1, -1)}&gt;`;
  const kept = (style ?? "").split(";").filter((each) => DECLARATION.test(each));
  return kept.length > 0 ? `<${slash}${name} style="${kept.join(";")}">` : `<${slash}${name}>`;
}
