import { expect, test } from "bun:test";
import { get as nodeGet } from "node:http";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { validReply } from "../../../fuzz/reply-parser.ts";
import { seededRandom } from "../../../support/random.ts";
import { startRawServer } from "../../../support/raw-server.ts";

interface Understood {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const aboutConnection = /^(connection|keep-alive|transfer-encoding|content-length|trailer)$/;

/** Repeated headers as one, without those about the connection; `x-thing`, which `connection` names, is taken out by us alone. */
function understood(status: number, body: Uint8Array, headers: Iterable<readonly [string, string]>): Understood {
  const merged = new Headers();
  for (const [name, value] of headers) {
    if (!aboutConnection.test(name.toLowerCase()) && name.toLowerCase() !== "x-thing") merged.append(name, value);
  }
  const text = Buffer.from(body).toString("latin1");
  // How repeated values are joined is not what is compared.
  const joined = [...merged].map(([name, value]) => [name, value.replaceAll(/,\s*/g, ",")]);
  return { status, body: text, headers: Object.fromEntries(joined) };
}

async function byFetch(url: string): Promise<Understood> {
  const response = await fetch(url, { decompress: false, keepalive: false });
  return understood(response.status, await response.bytes(), response.headers);
}

async function byNode(url: string): Promise<Understood> {
  const { promise, resolve, reject } = Promise.withResolvers<Understood>();
  nodeGet(url, { agent: false }, (response) => {
    const pieces: Buffer[] = [];
    const names = Object.entries(response.headersDistinct);
    const headers = names.flatMap(([name, values]) => (values ?? []).map((value) => [name, value] as const));
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("end", () => resolve(understood(response.statusCode ?? 0, Buffer.concat(pieces), headers)));
  }).on("error", reject);
  return promise;
}

test("replies as servers send them mean the same to Bun's fetch, to node:http and to this client", async () => {
  const random = seededRandom(11);
  const replies = Array.from({ length: 120 }, () => validReply(random));
  const corpus = new Map(replies.map((reply, nth) => [`/${nth}`, reply]));
  await using server = await startRawServer(async (peer) => {
    const request = await peer.request();
    peer.send(corpus.get(request.split(" ")[1] ?? "") ?? "");
    peer.end();
  });
  const upstream = createUpstream({ url: server.url });
  for (const [path, bytes] of corpus) {
    const sent = JSON.stringify(bytes.toString("latin1"));
    const reply = await upstream.send({ method: "GET", path, headers: [], body: null, deadlineMs: 5000 });
    const ours = understood(reply.status, reply.body, reply.headers);
    expect({ sent, ...(await byFetch(server.url + path)) }).toEqual({ sent, ...ours });
    expect({ sent, ...(await byNode(server.url + path)) }).toEqual({ sent, ...ours });
  }
  await upstream.close();
});
