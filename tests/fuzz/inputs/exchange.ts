/** What one case sends, and what it takes for an answer. */

export interface Message {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  /** null: none. */
  readonly body: string | Uint8Array | null;
}

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The bytes as text. */
  readonly text: string;
}

/** What is wrong with an answer, in words; null: nothing. */
export type Judge = (heard: Heard) => string | null;

export interface InputCase {
  /** For people. */
  readonly kind: string;
  readonly message: Message;
  readonly judge: Judge;
  /** Milliseconds after which the client leaves; null: it waits. */
  readonly leavesAfterMs: number | null;
}
