/** The rules of the explorer; colours are those of JupyterLab's theme. */
export const STYLE = `
.labkit-broadcast { --clash: #d55e00; color: var(--jp-content-font-color1, currentColor);
  font-size: 13px; padding: 4px 0; max-width: 100%; }
.labkit-broadcast p { margin: 6px 0; line-height: 1.45; min-height: 1.45em; }
.labkit-broadcast .problem { color: color-mix(in srgb, #e53935 75%, currentColor);
  font-weight: 600; }
.labkit-broadcast :is(.element, .error, button, input, .cell, .name) {
  font-family: var(--jp-code-font-family, ui-monospace, monospace); font-size: 12.5px; }
.labkit-broadcast .error { margin: 6px 0; padding: 6px 10px; white-space: pre-wrap;
  word-break: normal; overflow-wrap: anywhere; color: inherit; border-left: 3px solid var(--clash);
  background: color-mix(in srgb, var(--clash) 12%, transparent); }
.labkit-broadcast [hidden] { display: none; }
.labkit-broadcast .pairs, .labkit-broadcast .line { display: flex; flex-wrap: wrap; gap: 6px 10px;
  align-items: center; margin: 6px 0; }
.labkit-broadcast .line label { display: inline-flex; align-items: center; gap: 2px; }
.labkit-broadcast .line span { min-width: 92px; font-weight: 600;
  font-family: var(--jp-code-font-family, ui-monospace, monospace); font-size: 12.5px; }
.labkit-broadcast button, .labkit-broadcast input { color: inherit;
  background: var(--jp-layout-color1, transparent);
  border: 1px solid var(--jp-border-color1, #8a8a8a); border-radius: 3px; padding: 3px 9px; }
.labkit-broadcast button { cursor: pointer; }
.labkit-broadcast button[aria-pressed=true] { border-color: #0a84c6; border-width: 2px;
  padding: 2px 8px; }
.labkit-broadcast button:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.labkit-broadcast .line input { width: 116px; }
.labkit-broadcast :is(button, input):focus-visible { outline: 2px solid #56b4e9;
  outline-offset: 2px; }
.labkit-broadcast .table { display: grid; gap: 5px; justify-content: start; align-items: stretch;
  overflow-x: auto; padding: 4px 2px; }
.labkit-broadcast .head { text-align: center; font-size: 12px;
  color: var(--jp-content-font-color2, currentColor); }
.labkit-broadcast .head.named { font-weight: 700; color: inherit; }
.labkit-broadcast .name { font-weight: 600; align-self: center; min-width: 92px;
  padding-right: 1px; }
.labkit-broadcast .cell { --hue: #0a84c6; box-sizing: border-box; border-radius: 3px;
  min-height: 46px; padding: 4px 3px; text-align: center;
  border: 1px solid var(--jp-border-color1, #8a8a8a);
  background: color-mix(in srgb, var(--hue) 30%, transparent); }
.labkit-broadcast .row1 { --hue: #e69f00; }
.labkit-broadcast .cell.stretched { border-style: dashed; border-color: var(--hue);
  background: color-mix(in srgb, var(--hue) 8%, transparent); }
.labkit-broadcast .cell.missing { color: var(--jp-content-font-color2, currentColor); }
.labkit-broadcast .cell.result { min-height: 0; padding: 6px 3px; background: none;
  border-width: 2px; font-weight: 600; }
.labkit-broadcast .cell.clash { border-color: var(--clash); --hue: var(--clash); }
.labkit-broadcast .cell.named { background: color-mix(in srgb, var(--clash) 30%, transparent); }
.labkit-broadcast .cell small { display: block; font-size: 11px;
  min-height: 1.3em; font-family: var(--jp-ui-font-family, sans-serif);
  color: var(--jp-content-font-color2, currentColor); }
.labkit-broadcast .size { display: flex; justify-content: center; gap: 1px; }
.labkit-broadcast .size input { width: 42px; box-sizing: border-box; padding: 1px 2px;
  text-align: center; background: none; border-color: transparent; }
.labkit-broadcast .size input:is(:hover, :focus) { border-color: currentColor; }
.labkit-broadcast .size button { padding: 0 3px; border-color: transparent; background: none; }
`;
