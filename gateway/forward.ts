import { InferenceError, InputRefused, type Gone, type LoadedModel, type RawMessage } from "./core/ports.ts";

/** A request as it came, where its bytes may go to a model server as they are. */
export interface RawCall<Reply> {
  readonly request: RawMessage;
  /** The server's reply as the caller gets it. */
  reply(reply: RawMessage): Reply;
}

/**
 * Lets the version's server answer the bytes that came; null where it has none that takes them. What the server does not like is
 * read here after all, by `encode`: whether that is the caller's fault, and in which words, is the gateway's to say.
 */
export function forwarded<Reply>(
  call: { readonly raw?: RawCall<Reply>; readonly gone?: Gone; encode(target: LoadedModel): unknown },
  target: LoadedModel,
  withinMs: number,
): Promise<Reply> | null {
  const { raw } = call;
  if (raw === undefined || target.forward === undefined) return null;
  return target.forward(raw.request, withinMs, call.gone).then(
    (reply) => raw.reply(reply),
    (error: unknown) => {
      if (error instanceof InputRefused || error instanceof InferenceError) call.encode(target);
      throw error;
    },
  );
}
