/** The messages between the page and the layout worker. */

/** Page to worker. */
export interface LayoutRequest {
  readonly request: number;
  readonly dot: string;
}

/** Worker to page. */
export type LayoutReply =
  | { readonly type: "ready" }
  | { readonly type: "placed"; readonly request: number; readonly json: string }
  | { readonly type: "failed"; readonly request: number; readonly message: string };
