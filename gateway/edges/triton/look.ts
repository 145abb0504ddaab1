import type { ModelVersion } from "../../../schemas/model-version.ts";
import { firstAnswer, probeInputs, ProbeTooLarge } from "../../../schemas/probe.ts";
import { InferenceError, InputRefused } from "../../core/ports.ts";
import { decodeServerReply, encodeServerRequest, serverFailure } from "../../core/server-infer.ts";
import { signatureDifference } from "../../core/server-signature.ts";
import type { Tensor } from "../../../schemas/tensor.ts";
import type { TritonClient } from "./client.ts";

/** How a version stands at one replica. */
export type Standing =
  | { readonly kind: "ready"; readonly trialMs: number }
  /** `differs`: what is loaded there is not what was registered. */
  | { readonly kind: "absent" | "differs" | "broken"; readonly why: string };

/** Milliseconds for a call with a made-up row: the first one in a process takes long. */
const trialMs = 10_000;

/**
 * Asks a replica whether it has the version, whether that is the registered one by its signature, and, before requests go to
 * it, whether it answers made-up rows. Never rejects; what cannot be found out now stays as it was.
 */
export async function lookAt(
  version: ModelVersion,
  client: TritonClient,
  last: Standing | null,
  checkMs: number,
): Promise<Standing> {
  const { spec } = version;
  try {
    if (!(await client.hasVersion(spec.model, spec.version, checkMs))) {
      return { kind: "absent", why: await client.whyNot(spec.model, spec.version, checkMs) };
    }
    const difference = signatureDifference(await client.metadata(spec.model, spec.version, checkMs), spec.signature);
    if (difference !== null) return { kind: "differs", why: difference };
    return last?.kind === "ready" ? last : await tried(spec, client);
  } catch (error) {
    return last ?? { kind: "absent", why: messageOf(error) };
  }
}

/** One call more than it takes to find a row that is answered: the first one may have had to start something. */
async function tried(spec: ModelVersion["spec"], client: TritonClient): Promise<Standing> {
  const run = async (inputs: readonly Tensor[]): Promise<readonly Tensor[]> => {
    const request = encodeServerRequest(inputs, spec.signature);
    const reply = await client.infer(spec.model, spec.version, request, trialMs);
    if (reply.status !== 200) throw serverFailure(reply.status, reply.body);
    return decodeServerReply(reply, spec.signature);
  };
  try {
    const { probe } = await firstAnswer(spec, run);
    const inputs = probeInputs(spec, probe);
    const started = performance.now();
    await run(inputs);
    return { kind: "ready", trialMs: performance.now() - started };
  } catch (error) {
    // Too large to be made up: then the first caller tries it.
    if (error instanceof ProbeTooLarge) return { kind: "ready", trialMs: 0 };
    if (!(error instanceof InferenceError || error instanceof InputRefused)) throw error;
    return { kind: "broken", why: `it answers no made-up row: ${error.message}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
