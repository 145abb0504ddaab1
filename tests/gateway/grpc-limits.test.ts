import { once } from "node:events";
import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RequestError } from "../../gateway/core/errors.ts";
import { grpcStatusOf } from "../../gateway/core/grpc-call.ts";
import { listenGrpc, type GrpcServer, type GrpcServerOptions } from "../../gateway/edges/grpc/server.ts";
import { callHeaders, callMessage, frame, frameClient, frames, silentClient } from "../support/http2-frames.ts";

/** What HTTP/2 calls the reasons for a reset. */
const internalError = 2;
const refusedStream = 7;
const cancelled = 8;
const enhanceYourCalm = 11;

const initialWindowSize = 4;

const maxBytes = 1000;
const method = "/service/Method";
const unsendable = "/service/Unsendable";
const nothing = Buffer.alloc(0);

const errors: unknown[] = [];
let server: GrpcServer;
/** The same, but for how long it waits for a message. */
let patient: GrpcServer;
beforeAll(async () => {
  const options: GrpcServerOptions = {
    hostname: "127.0.0.1",
    port: 0,
    onError: (error) => void errors.push(error),
    lookMs: 200,
    async answer(request) {
      if (request.path === unsendable) return { status: 0, message: "", metadata: { "a b": "" }, body: nothing };
      try {
        await request.read(maxBytes);
      } catch (error) {
        const status = grpcStatusOf(error instanceof RequestError ? error.status : 500);
        return { status, message: "", metadata: {}, body: null };
      }
      return { status: 0, message: "", metadata: {}, body: Buffer.alloc(1000) };
    },
  };
  server = await listenGrpc({ ...options, messageMs: 100 });
  patient = await listenGrpc(options);
});
afterAll(() => Promise.all([server.stop(), patient.stop()]));

describe("a connection", () => {
  test("has at most 1024 calls at once", async () => {
    using client = await frameClient(server.port);
    for (let call = 0; call <= 1024; call++) client.write(callHeaders(2 * call + 1, method));
    const { stream, payload } = await client.next(frames.reset);
    expect([stream, payload.readUInt32BE(0)]).toEqual([2 * 1024 + 1, refusedStream]);
  });

  test("is closed when pings are not answered, whether it has begun as HTTP/2 or not", async () => {
    using silent = await silentClient(server.port);
    using idle = await frameClient(server.port);
    await Promise.all([silent.closed, idle.closed]);
  });

  test("is kept without a call while pings are answered", async () => {
    using client = await frameClient(server.port, { answersPings: true });
    using silent = await silentClient(server.port);
    await silent.closed;
    client.write(callHeaders(1, method), callMessage(1, nothing));
    expect((await client.next(frames.data)).stream).toBe(1);
  });

  test("is closed after a flood of calls that are reset, or of pings whose answers are not taken", async () => {
    using resetting = await frameClient(server.port, { answersPings: true });
    const reset = (stream: number) => frame(frames.reset, 0, stream, Buffer.from([0, 0, 0, cancelled]));
    for (let stream = 1; stream < 10_000; stream += 2) resetting.write(callHeaders(stream, method), reset(stream));
    await resetting.closed;
    using pinging = await frameClient(server.port);
    pinging.pause();
    const pings = Buffer.concat(Array<Buffer>(10_000).fill(frame(frames.ping, 0, 0, Buffer.alloc(8))));
    for (let at = 0; at < 100; at++) pinging.write(pings);
    await pinging.closed;
  });
});

describe("a call", () => {
  test("has at most 16 KiB of headers", async () => {
    using client = await frameClient(server.port, { answersPings: true });
    client.write(callHeaders(1, method, [["x-large", "x".repeat(15_000)]]), callMessage(1, nothing));
    expect((await client.next(frames.data)).stream).toBe(1);
    client.write(callHeaders(3, method, [["x-large", "x".repeat(16_250)]]));
    const { stream, payload } = await client.next(frames.reset);
    expect([stream, payload.readUInt32BE(0)]).toEqual([3, enhanceYourCalm]);
  });

  test("is refused with RESOURCE_EXHAUSTED when its message announces too much, before it comes", async () => {
    expect(await statusAfter(announcing(maxBytes + 1))).toBe("8");
  });

  test("is refused with DEADLINE_EXCEEDED when nothing more of its message comes", async () => {
    expect(await statusAfter(Buffer.alloc(3))).toBe("4");
  });

  test("is refused with DEADLINE_EXCEEDED when its message comes in drops", async () => {
    expect(await statusAfter(announcing(900), { everyMs: 20 })).toBe("4");
  });

  test("is waited for no longer than its caller waits", async () => {
    expect(await statusAfter(Buffer.alloc(3), { server: patient, headers: { "grpc-timeout": "50m" } })).toBe("4");
    expect(await statusAfter(Buffer.alloc(3), { server: patient, headers: { "x-mmsp-timeout-ms": "50" } })).toBe("4");
  });

  test("whose answer cannot be sent is reset, and takes nobody with it", async () => {
    using client = await frameClient(server.port, { answersPings: true });
    client.write(callHeaders(1, unsendable), callMessage(1, nothing));
    const { stream, payload } = await client.next(frames.reset);
    expect([stream, payload.readUInt32BE(0)]).toEqual([1, internalError]);
    expect(errors.map(String)).toEqual([expect.stringContaining('"a b"')]);
    client.write(callHeaders(3, method), callMessage(3, nothing));
    expect((await client.next(frames.data)).stream).toBe(3);
  });

  test("is reset when its answer is not taken", async () => {
    using client = await frameClient(server.port, { settings: [[initialWindowSize, 10]], answersPings: true });
    client.write(callHeaders(1, method), callMessage(1, nothing));
    const { stream, payload } = await client.next(frames.reset);
    expect([stream, payload.readUInt32BE(0)]).toEqual([1, cancelled]);
  });
});

/** The prefix of a message of so many bytes. */
function announcing(bytes: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/** What a call is answered whose caller sends this, then drops where it does, and never that this was all. */
async function statusAfter(
  sent: Buffer,
  {
    server: asked = server,
    headers = {},
    everyMs = Infinity,
  }: { readonly server?: GrpcServer; readonly headers?: Record<string, string>; readonly everyMs?: number } = {},
): Promise<unknown> {
  const session = connect(`http://127.0.0.1:${asked.port}`);
  const fixed = { ":method": "POST", ":path": method, "content-type": "application/grpc" };
  const call = session.request({ ...fixed, ...headers });
  const dripping = everyMs === Infinity ? undefined : setInterval(() => call.write(Buffer.alloc(1)), everyMs);
  try {
    call.on("error", () => undefined);
    call.write(sent);
    const [answer] = (await once(call, "response")) as [Record<string, unknown>];
    return answer["grpc-status"];
  } finally {
    clearInterval(dripping);
    session.destroy();
  }
}
