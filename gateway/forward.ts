import { InferenceError, InputRefused, type LoadedModel, type RawMessage } from "./core/ports.ts";

/** A request as it came, where its bytes may go to a model server as they are. */
export interface RawCall<Reply> {
  readonly request: RawMessage;
  /** The server's reply as the caller gets it. */
  reply(reply: RawMessage): Reply;
}

/**
 * Why a request failed that was handed on unread. What the server does not like is read here after all, by `encode`: whether that
 * is the caller's fault, and in which words, is the gateway's to say.
 */
export function readAfterAll(
  error: unknown,
  call: { encode(target: LoadedModel): unknown },
  target: LoadedModel,
): unknown {
  if (!(error instanceof InputRefused || error instanceof InferenceError)) return error;
  try {
    call.encode(target);
    return error;
  } catch (refusal) {
    return refusal;
  }
}
