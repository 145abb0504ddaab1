/** Bodies that do not come, or come in drops, over real sockets. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
beforeAll(async () => {
  rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  rig.listen();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Sends these pieces, a twentieth of a second apart; what came back until the connection was closed. */
function trickle(head: string, pieces: Iterable<string>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const rest = pieces[Symbol.iterator]();
  const socket = connect(rig.app.server?.port ?? 0, "127.0.0.1", () => socket.write(head));
  const dripping = setInterval(() => {
    const { value, done } = rest.next();
    if (done !== true) socket.write(value);
  }, 50);
  socket.on("data", (chunk) => (answer += chunk.toString()));
  socket
    .on("error", () => undefined)
    .on("close", () => {
      clearInterval(dripping);
      resolve(answer);
    });
  return promise;
}

const post = (path: string, headers: string): string => `POST ${path} HTTP/1.1\r\nHost: gateway\r\n${headers}\r\n\r\n`;
const infer = "/v2/models/fraud/infer";
const sized = "Content-Length: 1000";
const chunked = "Transfer-Encoding: chunked";
const binary = `Inference-Header-Content-Length: 5\r\n${sized}`;
const message = "the body was not there within 200 ms";

function* forever(drop: string): Generator<string> {
  while (true) yield drop;
}

describe("a body that is not there in the caller's time is answered with 408, and its connection is closed:", () => {
  test.each([
    ["that never comes", "/predict", sized, [], { error: message, code: "body-late" }],
    ["that comes in drops", "/predict", sized, forever(" "), { error: message, code: "body-late" }],
    ["that comes in chunks", infer, chunked, forever("1\r\n \r\n"), { error: message }],
    ["that is binary", infer, binary, forever(" "), { error: message }],
  ])("%s", async (_, path, headers, drops, body) => {
    const [head = "", text = ""] = (await trickle(post(path, `${headers}\r\nx-mmsp-timeout-ms: 200`), drops)).split(
      "\r\n\r\n",
    );
    expect(head).toStartWith("HTTP/1.1 408 ");
    expect(head.toLowerCase()).toContain("\r\nconnection: close");
    expect(JSON.parse(text)).toEqual(body);
  });
});

test("a body that comes in drops is answered when it is there in time", async () => {
  const body = JSON.stringify({ instances: [[1, 2, 3]] });
  const headers = `Connection: close\r\nContent-Length: ${body.length}\r\nx-mmsp-timeout-ms: 60000`;
  const answer = await trickle(post("/predict", headers), body.match(/.{1,5}/g) ?? []);
  expect(answer).toStartWith("HTTP/1.1 200 ");
});

test("a time that is none is told without waiting for the body", async () => {
  const answer = await trickle(post("/predict", `${sized}\r\nConnection: close\r\nx-mmsp-timeout-ms: soon`), []);
  expect(answer).toStartWith("HTTP/1.1 400 ");
});
