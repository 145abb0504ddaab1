import { networkReason } from "../network-reason.ts";
import { watchSilence, type Patience } from "./retry.ts";

/** Asks for a file from a byte on (`Range`). Throws where it is refused. */
export type AskFrom = (offset: number, signal: AbortSignal) => Promise<Response>;

/** The file ended before all of it had come. */
class CutOff extends Error {
  override readonly name = "CutOff";
}

/**
 * A file by HTTP, in pieces. When the connection is cut or falls silent, it goes on from where it was; a server that starts
 * from the beginning then is heard out again up to there. `size`: bytes that must come, null where nobody has said.
 * `mayPass`: which failures are worth another try; default: those of the network.
 */
export async function* resuming(
  ask: AskFrom,
  size: number | null,
  patience: Patience,
  mayPass: (error: unknown) => boolean = (error) => networkReason(error) !== null,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  let failures = 0;
  for (;;) {
    const watch = watchSilence(patience.idleMs);
    try {
      for await (const piece of piecesFrom(await ask(offset, watch.signal), offset)) {
        offset += piece.length;
        failures = 0;
        // Who takes the pieces may take a while for each.
        watch.stop();
        yield piece;
        watch.touch();
      }
      if (size === null || offset >= size) return;
      throw new CutOff(`it ended after ${offset} of ${size} bytes`);
    } catch (error) {
      failures += 1;
      if (!(error instanceof CutOff || mayPass(error)) || failures >= patience.tries) throw error;
      await patience.sleep(patience.backoffMs * 2 ** (failures - 1) * (0.5 + patience.random()));
    } finally {
      watch.stop();
    }
  }
}

/** What of an answer lies behind `offset`. */
async function* piecesFrom(response: Response, offset: number): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return;
  let before = response.status === 206 ? 0 : offset;
  for await (const piece of response.body) {
    const rest = piece.subarray(Math.min(before, piece.length));
    before -= piece.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
