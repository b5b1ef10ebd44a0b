/** How buttons and fields look beside the pictures of both views. */
export const CONTROL =
  "padding:3px 8px;border:1px solid var(--jp-border-color1,#8a8a8a);border-radius:3px;" +
  "font:inherit;color:inherit;background:var(--jp-layout-color1,transparent)";
