import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as fc from "fast-check";
import { createPatients, isSmall } from "../../../cli/demo/patients.ts";
import { createCounter, createExaminer } from "../../../cli/demo/tally.ts";
import { startTraffic } from "../../../cli/demo/traffic.ts";
import type { ReplyEvent } from "../../../cli/loadgen/load.ts";
import { readParquet } from "../../../cli/loadgen/row-files.ts";
import type { Row } from "../../../cli/loadgen/row.ts";

const examples = join(import.meta.dir, "..", "..", "..", "examples");
const heldOut = join(examples, "data", "breast-cancer", "heldout.parquet");

const row = (radius: number, label: number | null = null): Row => ({ features: { worst_radius: radius }, label });

function reply(event: Partial<ReplyEvent>): ReplyEvent {
  return {
    status: 200,
    version: "1",
    phase: "stable",
    fallbackFrom: null,
    prediction: 1,
    error: null,
    k: 0,
    row: row(1, 1),
    atMs: 0,
    latencyMs: 1,
    ...event,
  };
}

describe("patients", () => {
  test("small tumours are exactly the held-out rows that the failing model answers", async () => {
    const rows = await readParquet(heldOut, null);
    const index = (await Bun.file(join(examples, "models", "index.json")).json()) as Record<
      string,
      { version: number; failing: { rows: number[] } }[]
    >;
    const failing = index["breast-cancer"]!.find(({ version }) => version === 3)!.failing.rows;
    expect(rows.flatMap((one, at) => (isSmall(one) ? [] : [at]))).toEqual(failing);
  });

  test("rows of a part come round again and again, and the part changes from one row to the next", () => {
    const patients = createPatients([row(10), row(20), row(12)], "three rows");
    const next = (count: number): unknown[] => Array.from({ length: count }, () => patients.next().features);
    expect(next(4)).toEqual([10, 20, 12, 10].map((worst_radius) => ({ worst_radius })));
    patients.send("small tumours");
    expect(new Set(next(4).map((one) => JSON.stringify(one)))).toEqual(
      new Set(['{"worst_radius":10}', '{"worst_radius":12}']),
    );
    expect([patients.size("everyone"), patients.size("small tumours")]).toEqual([3, 2]);
    patients.send("everyone");
    expect(next(3)).toContainEqual({ worst_radius: 20 });
  });
});

describe("what clients see", () => {
  test("a request that stable answered for a failed canary is an attempt and a failure of the canary", () => {
    const counter = createCounter();
    counter.add(reply({ version: "2", fallbackFrom: "3" }));
    counter.add(reply({ version: "3", phase: "canary" }));
    expect([counter.total, counter.failed]).toEqual([2, 0]);
    expect([counter.attempts(3), counter.answers(3), counter.failures(3)]).toEqual([2, 1, 1]);
    expect([counter.attempts(2), counter.answers(2), counter.failures(2)]).toEqual([0, 1, 0]);
  });

  test("an error is a failed request, and a failure of the version that it names", () => {
    const counter = createCounter();
    const error = { kind: "http 500", message: "broken" } as const;
    counter.add(reply({ version: "3", error }));
    counter.add(reply({ version: null, error }));
    expect([counter.total, counter.failed, counter.failures(3), counter.answers(3)]).toEqual([2, 2, 1, 0]);
  });

  test("attempts at all versions add up to the replies that name one", () => {
    const version = fc.constantFrom("1", "2", "3");
    const event = fc.record({ version, fallbackFrom: fc.option(version) });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const counter = createCounter();
        for (const one of events) counter.add(reply(one));
        const attempts = [1, 2, 3].reduce((sum, one) => sum + counter.attempts(one), 0);
        expect(attempts).toBe(events.length);
        expect(counter.total).toBe(events.length);
      }),
    );
  });

  test("accuracy counts each different row once a version, by the answer that the version gave itself", () => {
    const examiner = createExaminer();
    const [right, wrong, unlabelled] = [row(1, 1), row(2, 0), row(3)];
    for (let again = 0; again < 5; again++) examiner.add(reply({ row: right }));
    examiner.add(reply({ row: wrong }));
    examiner.add(reply({ row: unlabelled }));
    examiner.add(reply({ row: right, version: "2", fallbackFrom: "3" }));
    const [one, two, ...others] = examiner.results(9);
    expect(one).toMatchObject({ version: 1, of: 9, right: { count: 1, of: 2 } });
    expect(two).toMatchObject({ version: 2, right: { count: 1, of: 1 } });
    expect(others).toEqual([]);
  });
});

describe("traffic", () => {
  function gateway(): { url: string; radii: number[] } & Disposable {
    const radii: number[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { features } = (await request.json()) as { features: { worst_radius: number } };
        radii.push(features.worst_radius);
        return Response.json({ predictions: [0], model_version: "1" });
      },
    });
    return { url: `http://127.0.0.1:${server.port}`, radii, [Symbol.dispose]: () => void server.stop(true) };
  }

  test("counts from the moment of asking, waits by replies, and changes its rows at once", async () => {
    using server = gateway();
    const traffic = await startTraffic(server.url, heldOut, new AbortController().signal);
    await traffic.until(() => traffic.summary().ok >= 20, "20 answers");
    const later = traffic.count();
    traffic.send("small tumours");
    const sentBefore = server.radii.length;
    await traffic.until(() => later.total >= 40, "40 more");
    const summary = await traffic.stop();
    expect(later.total).toBeLessThan(summary.ok);
    expect(summary).toMatchObject({ failed: 0, inFlight: 0 });
    // One request may have been on its way when the rows changed.
    expect(server.radii.slice(sentBefore + 1).every((radius) => radius < 17)).toBe(true);
    expect(traffic.recent().length).toBe(summary.ok);
  });

  test("a wait ends with the interruption", async () => {
    using server = gateway();
    const controller = new AbortController();
    const traffic = await startTraffic(server.url, heldOut, controller.signal);
    const wait = traffic.until(() => false, "what never comes");
    controller.abort(new Error("Ctrl-C"));
    expect(wait).rejects.toThrow("Ctrl-C");
    expect((await traffic.stop()).ended).toBe("aborted");
  });
});
