/** The gateway's prediction route as bare as it can be on the same framework: parses the body, answers what never changes. */
import { Elysia } from "elysia";
import { serveQuestions } from "../harness/process.ts";

const app = new Elysia()
  .post(
    "/predict",
    async ({ request, set }) => {
      const { instances } = JSON.parse(await request.text()) as { instances: readonly (readonly number[])[] };
      if (instances.length !== 1) set.status = 400;
      Object.assign(set.headers, { "x-mmsp-version": "1", "x-mmsp-phase": "stable" });
      return {
        predictions: [{ label: 1, probabilities: [0.25, 0.75] }],
        model_name: "model",
        model_version: "1",
        latency_ms: 0.123,
      };
    },
    { parse: "none" },
  )
  .listen({ hostname: "127.0.0.1", port: 0 });
serveQuestions(`http://127.0.0.1:${app.server?.port ?? 0}`, () => null);
