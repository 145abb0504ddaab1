import { describe, expect, test } from "bun:test";
import type { ReplyEvent } from "../../../cli/loadgen/load.ts";
import type { Row } from "../../../cli/loadgen/row.ts";
import { runLoad } from "../../../cli/loadgen/run.ts";
import { parseSticky } from "../../../cli/loadgen/sticky.ts";
import { fail } from "../../../schemas/problem.ts";
import { predicted, problemOf, rowsOf, startGateway } from "./support.ts";

const row = (x: number, label: number | null = null): Row => ({ features: { x }, label });
const one = rowsOf([row(1)]);
const base = { model: "m", durationSeconds: 0.5 };

/** An answer that never comes while the client is there. */
const never = (signal: AbortSignal): Promise<Response> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(new Response()), { once: true }));

describe("the rate", () => {
  test("2,000 requests a second are sent without falling behind, and all are answered", async () => {
    await using gateway = startGateway(() => predicted(1, 0));
    // Client and server share this process: a pause of it must not look like a lack of room.
    const options = { ...base, gateway: gateway.url, rps: 2000, durationSeconds: 2, maxInFlight: 4000 };
    const summary = await runLoad(options, { rows: one }).done;
    expect(summary).toMatchObject({ ended: "duration", due: 4000, ok: 4000, failed: 0, inFlight: 0, abandoned: 0 });
    expect(gateway.asked.length).toBe(4000);
    expect(summary.rate.achievedPerSecond).toBeGreaterThan(1900);
    expect(summary.service.p50Ms!).toBeLessThanOrEqual(summary.latency.p50Ms! * 1.02);
  });

  test("slow answers do not slow it down", async () => {
    // Nobody is answered before all have asked: who waited for an answer would ask no more.
    const { promise: allAsked, resolve } = Promise.withResolvers<void>();
    await using gateway = startGateway(async ({ n }) => {
      if (n === 99) resolve();
      await allAsked;
      return predicted(1, 0);
    });
    const summary = await runLoad({ ...base, gateway: gateway.url, rps: 200 }, { rows: one }).done;
    expect(summary).toMatchObject({ due: 100, ok: 100, failed: 0 });
    expect(summary.latency.p50Ms!).toBeGreaterThan(200);
  });

  test("latency counts from the time due, also when this process was held up itself", async () => {
    await using gateway = startGateway(() => predicted(1, 0));
    const run = runLoad({ ...base, gateway: gateway.url, rps: 100 }, { rows: one });
    const until = performance.now() + 300;
    while (performance.now() < until);
    const summary = await run.done;
    expect(summary).toMatchObject({ due: 50, ok: 50 });
    expect(summary.late.count).toBeGreaterThan(20);
    expect(summary.late.maxMs).toBeGreaterThan(250);
    expect(summary.latency.maxMs!).toBeGreaterThan(250);
  });

  test("what has no room in flight counts as the client's overload, never as nothing", async () => {
    await using gateway = startGateway(({ signal }) => never(signal));
    const options = { ...base, gateway: gateway.url, rps: 100, maxInFlight: 4, timeoutMs: 2000 };
    const control = new AbortController();
    const run = runLoad({ ...options, durationSeconds: 0.3 }, { rows: one, signal: control.signal });
    while (run.snapshot().due < 30) await Bun.sleep(5);
    expect(run.snapshot()).toMatchObject({ ended: null, due: 30, inFlight: 4, failed: 26 });
    control.abort();
    const summary = await run.done;
    expect(summary.errors).toEqual([
      {
        kind: "client overload",
        count: 26,
        example: "4 requests were in flight already: answers take too long for this rate",
      },
    ]);
    expect(summary).toMatchObject({ ended: "aborted", abandoned: 4, inFlight: 0 });
  });

  test("a rate of nothing is refused", () => {
    const start = (rps: number) => () => runLoad({ ...base, gateway: "http://127.0.0.1:1", rps }, { rows: one });
    for (const rps of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(start(rps)).toThrow(RangeError);
  });
});

describe("what is sent", () => {
  test("the model, the row without its label, the sticky header; to /predict", async () => {
    await using gateway = startGateway(() => predicted(1, 0));
    const rows = rowsOf([row(1, 0), row(2, 1)]);
    const sticky = parseSticky("X-User=u{1..3}");
    await runLoad({ ...base, gateway: gateway.url, rps: 20, durationSeconds: 0.25, sticky }, { rows }).done;
    const asked = gateway.asked.toSorted((a, b) => a.n - b.n);
    expect(asked.map(({ body }) => body)).toEqual([1, 2, 1, 2, 1].map((x) => ({ model: "m", features: { x } })));
    expect(asked.map(({ headers }) => headers.get("x-user"))).toEqual(["u1", "u2", "u3", "u1", "u2"]);
    expect(asked[0]).toMatchObject({ path: "/predict" });
  });

  test("no model where none was named, and a redirect is not followed", async () => {
    await using elsewhere = startGateway(() => predicted(1, 0));
    await using gateway = startGateway(() => Response.redirect(elsewhere.url, 307));
    const options = { ...base, model: null, gateway: gateway.url, rps: 10, durationSeconds: 0.1 };
    const summary = await runLoad(options, { rows: one }).done;
    expect(gateway.asked[0]!.body).toEqual({ features: { x: 1 } });
    expect(summary.errors).toMatchObject([{ kind: "http 307", count: 1 }]);
    expect(elsewhere.asked).toEqual([]);
  });
});

describe("what comes back", () => {
  test("is split by version, with phase, fallback and accuracy", async () => {
    // Of ten: 0 to 6 stable right, 7 stable wrong, 8 canary, 9 canary failed and stable stood in.
    await using gateway = startGateway(({ body }) => {
      const { x } = body.features;
      if (x === 8) return predicted(2, 1, { "x-mmsp-phase": "canary" });
      const from: Record<string, string> = x === 9 ? { "x-mmsp-fallback-from": "2" } : {};
      return predicted(1, x === 7 ? 0 : 1, { "x-mmsp-phase": "stable", ...from });
    });
    const rows = rowsOf(Array.from({ length: 10 }, (_, x) => row(x, 1)));
    const events: ReplyEvent[] = [];
    const options = { ...base, gateway: gateway.url, rps: 400, durationSeconds: 0.5 };
    const summary = await runLoad(options, { rows, onReply: (event) => events.push(event) }).done;
    const [stable, canary] = summary.versions;
    expect(stable).toMatchObject({ version: "1", answers: 180, attempts: 160, standIns: 20, failedOver: 0 });
    expect(stable).toMatchObject({ phases: { stable: 180 }, share: { percent: 90 }, attemptShare: { percent: 80 } });
    expect(stable!.accuracy).toMatchObject({ count: 160, of: 180 });
    expect(canary).toMatchObject({ version: "2", answers: 20, attempts: 40, standIns: 0, failedOver: 20 });
    expect(canary).toMatchObject({ phases: { canary: 20 }, accuracy: { percent: 100 } });
    expect(canary!.share!.lowPercent).toBeGreaterThan(6.5);
    expect(canary!.share!.highPercent).toBeLessThan(15);
    expect(events.length).toBe(200);
    expect(events.find(({ fallbackFrom }) => fallbackFrom !== null)).toMatchObject({ version: "1", row: row(9, 1) });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  test("errors are counted by kind, each with its first message, safe to print", async () => {
    const replies = [
      () => predicted(1, 0),
      () => Response.json({ error: "no such feature\u001b[31m", model_version: "1" }, { status: 400 }),
      () => new Response("busy\nnow", { status: 503 }),
      () => new Response("<html>", { status: 200 }),
      () => Response.json({ predictions: [] }),
    ];
    await using gateway = startGateway(({ body }) => replies[body.features["x"]!]!());
    const rows = rowsOf(replies.map((_, x) => row(x)));
    const summary = await runLoad({ ...base, gateway: gateway.url, rps: 100, durationSeconds: 0.1 }, { rows }).done;
    expect(summary).toMatchObject({ due: 10, ok: 2, failed: 8 });
    expect(summary.errors).toContainEqual({ kind: "http 400", count: 2, example: "no such feature [31m" });
    expect(summary.errors).toContainEqual({ kind: "http 503", count: 2, example: "busy now" });
    expect(summary.errors[0]).toMatchObject({ kind: "bad reply", count: 4 });
    expect(summary.versions).toMatchObject([{ version: "1", answers: 2, errors: 2, attempts: 4 }]);
  });

  test("a gateway that is away gives errors of connection, and the run goes on to its end", async () => {
    const gone = startGateway(() => predicted(1, 0));
    await gone[Symbol.asyncDispose]();
    const summary = await runLoad({ ...base, gateway: gone.url, rps: 50, durationSeconds: 0.2 }, { rows: one }).done;
    expect(summary).toMatchObject({ ended: "duration", due: 10, ok: 0, failed: 10 });
    expect(summary.errors).toMatchObject([{ kind: "connect", count: 10 }]);
    expect(summary.errors[0]!.example).not.toBe("");
    expect(summary.latency.count).toBe(0);
  });

  test("an answer that stops half-way, or never starts, is a time-out; others are not held up", async () => {
    const half = (): Response =>
      new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"pre')) }),
      );
    await using gateway = startGateway(({ body, signal }) => {
      const { x } = body.features;
      return x === 0 ? half() : x === 1 ? never(signal) : predicted(1, 0);
    });
    const options = { ...base, gateway: gateway.url, rps: 60, durationSeconds: 0.5, timeoutMs: 150 };
    const summary = await runLoad(options, { rows: rowsOf([row(0), row(1), row(2)]) }).done;
    expect(summary).toMatchObject({ due: 30, ok: 10, failed: 20, abandoned: 0 });
    expect(summary.errors).toEqual([{ kind: "time-out", count: 20, example: "no answer within 150 ms" }]);
    expect(summary.latency.p95Ms!).toBeGreaterThan(145);
    expect(summary.latency.count).toBe(30);
  });
});

describe("the end", () => {
  test("an abort ends it at once and leaves nothing running", async () => {
    const reached = Promise.withResolvers<void>();
    await using gateway = startGateway(({ n, signal }) => {
      if (n === 4) reached.resolve();
      return never(signal);
    });
    const control = new AbortController();
    const options = { ...base, gateway: gateway.url, rps: 100, durationSeconds: null };
    const run = runLoad(options, { rows: one, signal: control.signal });
    await reached.promise;
    control.abort();
    const before = performance.now();
    const summary = await run.done;
    expect(performance.now() - before).toBeLessThan(500);
    expect(summary).toMatchObject({ ended: "aborted", ok: 0, failed: 0, inFlight: 0, abandoned: summary.due });
    const asked = gateway.asked.length;
    while (gateway.open() > 0) await Bun.sleep(5);
    expect(gateway.asked.length).toBe(asked);
    expect(run.snapshot()).toEqual(summary);
  });

  test("a stop sends no more and waits for the answers", async () => {
    const reached = Promise.withResolvers<void>();
    const answers = Promise.withResolvers<void>();
    await using gateway = startGateway(async ({ n }) => {
      if (n === 9) reached.resolve();
      await answers.promise;
      return predicted(1, 0);
    });
    const run = runLoad({ ...base, gateway: gateway.url, rps: 200, durationSeconds: 0 }, { rows: one });
    await reached.promise;
    run.stop();
    const { due, inFlight } = run.snapshot();
    expect(inFlight).toBe(due);
    answers.resolve();
    expect(await run.done).toMatchObject({ ended: "stopped", due, ok: due, abandoned: 0 });
  });

  test("a signal that was given before the start sends nothing", async () => {
    const options = { ...base, gateway: "http://127.0.0.1:1", rps: 100 };
    const summary = await runLoad(options, { rows: one, signal: AbortSignal.abort() }).done;
    expect(summary).toMatchObject({ ended: "aborted", due: 0, failed: 0 });
  });

  test("rows that break, or a hook that throws, end the run with that error", async () => {
    await using gateway = startGateway(() => predicted(1, 0));
    const options = { ...base, gateway: gateway.url, rps: 100, durationSeconds: null };
    let left = 3;
    const broken = {
      ...one,
      next: () => (left-- > 0 ? row(1) : fail({ code: "rows-broken", message: "line 4", hint: "mend it" })),
    };
    const run = runLoad(options, { rows: broken });
    expect(await problemOf(() => run.done)).toMatchObject({ code: "rows-broken" });
    expect(run.snapshot()).toMatchObject({ ended: "aborted", due: 3, inFlight: 0 });
    const hooked = runLoad(options, {
      rows: one,
      onReply: () => {
        throw new TypeError("a bug of the caller");
      },
    });
    expect(await hooked.done.catch(String)).toBe("TypeError: a bug of the caller");
  });
});
