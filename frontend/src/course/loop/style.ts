/** The rules of the view; colours are those of JupyterLab's theme. */
export const STYLE = `
.labkit-loop { display: flex; flex-wrap: wrap; gap: 12px 28px; padding: 4px 0;
  color: var(--jp-content-font-color1, currentColor); font-size: 13px; }
.labkit-loop .code { overflow-x: auto; }
.labkit-loop button { margin: 8px 0 0 40px; padding: 2px 10px; font: inherit; font-size: 12px;
  color: inherit; background: none; border: 1px solid var(--jp-border-color1, #8a8a8a);
  border-radius: 3px; cursor: pointer; }
.labkit-loop button:disabled { opacity: 0.5; cursor: default; }
.labkit-loop button:focus-visible { outline: 2px solid #56b4e9; outline-offset: 2px; }
.labkit-loop > div:first-child { flex: 0 1 auto; min-width: 0; max-width: 100%; }
.labkit-loop .line { display: flex; align-items: center; min-height: 22px; white-space: pre; }
.labkit-loop label.line { cursor: pointer; border-radius: 3px; }
.labkit-loop label.line:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.labkit-loop .switch { flex: none; width: 40px; display: inline-flex; }
.labkit-loop input[type=checkbox] { appearance: none; width: 28px; height: 15px; margin: 0;
  border-radius: 8px; background: #8a8a8a; position: relative; cursor: pointer; }
.labkit-loop input[type=checkbox]::after { content: ""; position: absolute; top: 2px; left: 2px;
  width: 11px; height: 11px; border-radius: 50%; background: #fff; transition: left 0.12s; }
.labkit-loop input[type=checkbox]:checked { background: #0a84c6; }
.labkit-loop input[type=checkbox]:checked::after { left: 15px; }
.labkit-loop input:focus-visible { outline: 2px solid #56b4e9; outline-offset: 2px; }
.labkit-loop code { font-family: var(--jp-code-font-family, ui-monospace, monospace);
  font-size: 12.5px; color: inherit; background: none; padding: 0; white-space: pre; }
.labkit-loop .off .statement { text-decoration: line-through; opacity: 0.55; }
.labkit-loop .comment { opacity: 0.65; }
.labkit-loop .runs { flex: 1 1 340px; min-width: 0; max-width: 560px; }
.labkit-loop .runs p { margin: 4px 0; line-height: 1.45; overflow-wrap: anywhere; }
.labkit-loop .runs p > span { display: inline-block; margin-right: 16px; }
.labkit-loop .mark { display: inline-block; width: 18px; height: 4px; margin-right: 6px;
  border-radius: 2px; vertical-align: middle; }
.labkit-loop input[type=range] { width: 100%; margin: 2px 0; accent-color: #0a84c6; }
.labkit-loop text { font: 11px var(--jp-ui-font-family, system-ui, sans-serif);
  fill: var(--jp-content-font-color2, currentColor); }
.labkit-loop text.name { font-weight: 600; font-size: 12px;
  fill: var(--jp-content-font-color1, currentColor); }
.labkit-loop .axis { fill: none; stroke: var(--jp-border-color1, #8a8a8a); }
`;
