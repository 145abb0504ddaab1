import { expect, test } from "bun:test";
import { listenGrpc } from "../../gateway/edges/grpc/server.ts";
import { runClosedLoop } from "./harness/closed-loop.ts";
import { interleave, median, ratios, valueOf } from "./harness/figure.ts";
import { readReply } from "./harness/http.ts";
import { renderJson, renderTable } from "./harness/table.ts";

test("the median of an even number of samples lies between the two in the middle", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
});

test("every side is measured once a round, and none is always first", async () => {
  const order: string[] = [];
  const side = (name: string) => () => order.push(name);
  const samples = await interleave(2, { a: side("a"), b: side("b") });
  expect(order).toEqual(["a", "b", "b", "a"]);
  expect(ratios(samples.a, samples.b)).toEqual([1 / 2, 4 / 3]);
});

test("a row says its value, its goal and its samples, and one that is absent says why", () => {
  const report = [
    ["github_calls", { samples: [3, 4], note: "two trees", take: "most" }],
    ["embedded_rps_vs_fastapi", { absent: "there is no python3" }],
  ] as const;
  expect(valueOf(report[0][1])).toBe(4);
  expect(JSON.parse(renderJson(report))).toEqual({
    github_calls: { value: 4, unit: "calls", goal: 5, better: "lower", samples: [3, 4] },
    embedded_rps_vs_fastapi: {
      value: null,
      unit: "x",
      goal: 8,
      better: "higher",
      samples: [],
      absent: "there is no python3",
    },
  });
  expect(renderTable(report)).toContain("there is no python3");
});

test("a row without a goal is neither reached nor missed", () => {
  const report = [["grpc_rps_vs_http", { samples: [0.5], note: "two protocols" }]] as const;
  expect(JSON.parse(renderJson(report))).toMatchObject({ grpc_rps_vs_http: { value: 0.5, goal: null } });
  expect(renderTable(report)).toMatch(/0\.5 +none$/m);
});

test("calls over gRPC are made one after another, and one that fails fails the run", async () => {
  const body = Buffer.from("asked");
  const served = await listenGrpc({
    hostname: "127.0.0.1",
    port: 0,
    async answer(request) {
      const isAsked = request.path === "/s/M" && body.equals(await request.read(100));
      const [status, message] = isAsked ? ([0, ""] as const) : ([5, "unknown"] as const);
      return { status, message, metadata: {}, body: isAsked ? Buffer.from("answered") : null };
    },
  });
  const job = { body: body.toString("base64"), as: "grpc", connections: 2 } as const;
  const url = `http://127.0.0.1:${served.port}`;
  expect((await runClosedLoop({ ...job, url: `${url}/s/M`, seconds: 0.05 })).requests).toBeGreaterThan(2);
  const failure = await runClosedLoop({ ...job, url: `${url}/s/N`, seconds: 10 }).catch((error: unknown) => error);
  expect(String(failure)).toContain("the call failed");
  await served.stop();
});

test("a reply is read when its whole body is there", () => {
  const reply = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  expect(readReply(reply.subarray(0, 20))).toBeNull();
  expect(readReply(reply.subarray(0, -1))).toBeNull();
  expect(readReply(reply)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2");
});

test("a run in which one reply differs from the body that is wanted fails, by one byte as well", async () => {
  let sent = 0;
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response(++sent === 20 ? '{"a":2}' : '{"a":1}'),
  });
  const job = { url: `${server.url.origin}/infer`, body: "{}", connections: 2, seconds: 10 };
  const failure = await runClosedLoop({ ...job, reply: '{"a":1}' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(String(failure)).toContain('{"a":2}');
  const { requests, p50Ms, p99Ms } = await runClosedLoop({ ...job, seconds: 0.05, reply: '{"a":1}' });
  expect(requests).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
});
