/**
 * What widgets exchange whose page asks the kernel for something else than it shows.
 *
 * The page numbers its queries. The kernel handles them one after the other and sends the number of
 * the last one that it handled, so that the page knows whether an answer is that to its latest query.
 */

/** What a page asks for. */
export interface Query {
  /** Counts the queries of a page. */
  readonly number: number;
}

/** The part of such a widget's state that all have. */
export interface AnsweringState {
  readonly protocol: number;
  /** The number of the last query that was handled. */
  readonly answered: number;
  /** What the kernel says about it: a problem, or a sentence about the answer; often nothing. */
  readonly said: string;
}
