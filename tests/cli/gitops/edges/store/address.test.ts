import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { addressOf, downloaded, type Downloading } from "../../../../../cli/gitops/edges/store/address.ts";
import { patience } from "../../../../../cli/gitops/edges/store/retry.ts";
import { makeCertificate, startHttps, type Trusted } from "../../../../support/https.ts";
import { problemOf } from "../../../../support/problems.ts";
import { withoutSecrets } from "../../../../../schemas/secrets.ts";

const bytes = new Uint8Array(200_000).map((_, at) => at % 251);

function download(server: Trusted, path: string, more: Partial<Downloading> = {}): Promise<Uint8Array> {
  const using = { ...patience, fetch: server.fetch, tries: 3, sleep: () => Promise.resolve(), ...more };
  return Array.fromAsync(downloaded(server.url + path, using)).then((pieces) => Buffer.concat(pieces));
}

async function outsideOf(action: Promise<unknown>): Promise<OutsideError> {
  const error: unknown = await action.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutsideError);
  return error as OutsideError;
}

/** Answers each request with a part of what it promises, and then says nothing more. */
function haltingHttps(
  answer: (asked: { readonly range: string; readonly ifRange: string }) => {
    readonly status: string;
    readonly mark: string;
    readonly length: number;
    readonly body: Uint8Array;
  },
): Trusted & Disposable {
  const certificate = makeCertificate();
  const server = Bun.listen({
    hostname: "localhost",
    port: 0,
    tls: certificate.tls,
    socket: {
      data(socket, request) {
        const header = (name: string) =>
          new RegExp(`\\r\\n${name}: ([^\\r]+)`, "i").exec(request.toString())?.[1] ?? "";
        const { status, mark, length, body } = answer({ range: header("range"), ifRange: header("if-range") });
        const head = `HTTP/1.1 ${status}\r\n${mark}\r\nContent-Length: ${length}\r\n\r\n`;
        socket.write(Buffer.concat([Buffer.from(head), body]));
      },
    },
  });
  return {
    url: `https://localhost:${server.port}`,
    fetch: certificate.fetch,
    [Symbol.dispose]() {
      server.stop(true);
      certificate[Symbol.dispose]();
    },
  };
}

describe("a file by reference", () => {
  test("comes over a few redirects, but only to https", async () => {
    using server = startHttps((request) => {
      const hops = Number(new URL(request.url).pathname.slice(1));
      if (Number.isNaN(hops)) return Response.redirect("http://localhost/plain", 302);
      return hops === 0 ? new Response(bytes) : Response.redirect(`/${hops - 1}`, 302);
    });
    expect(await download(server, "/3")).toEqual(Buffer.from(bytes));
    expect((await outsideOf(download(server, "/6"))).message).toContain("more than 5 times");
    expect((await outsideOf(download(server, "/plain"))).message).toContain("not https");
  });

  test.each([
    ["has a strong tag", 'ETag: "v1"', '"v1"', true],
    ["has a time", "Last-Modified: Sat, 21 Nov 2026 08:00:00 GMT", "Sat, 21 Nov 2026 08:00:00 GMT", true],
    ["has a tag, on a server that knows no ranges", 'ETag: "v1"', '"v1"', false],
    ["has a weak tag alone", 'ETag: W/"v1"', "", true],
    ["has neither", "X-Nothing: true", "", true],
  ])("goes on where the server fell silent, and nothing is mixed: the file %s", async (_, mark, condition, ranges) => {
    const asked: string[] = [];
    using server = haltingHttps(({ range, ifRange }) => {
      asked.push(`${range} ${ifRange}`);
      const from = ranges ? Number(/\d+/.exec(range)?.[0] ?? 0) : 0;
      const body = bytes.subarray(from);
      const status = from === 0 ? "200 OK" : "206 Partial Content";
      // All is promised; what comes are 60 kB more each time.
      return { status, mark, length: body.length, body: body.subarray(0, 60_000 * asked.length - from) };
    });
    expect(await download(server, "/model.onnx", { idleMs: 100 })).toEqual(Buffer.from(bytes));
    const again = (offset: number) => (condition === "" ? " " : `bytes=${offset}- ${condition}`);
    expect(asked).toEqual([" ", again(60_000), again(120_000), again(180_000)]);
  });

  test.each([
    ["longer", bytes.map((byte) => byte + 1)],
    ["shorter", bytes.subarray(0, 40_000)],
  ])("that is replaced meanwhile, by a %s one, is not mixed with it", async (_, other) => {
    let count = 0;
    using server = haltingHttps(() => {
      count += 1;
      if (count > 1) return { status: "200 OK", mark: 'ETag: "v2"', length: other.length, body: other };
      return { status: "200 OK", mark: 'ETag: "v1"', length: bytes.length, body: bytes.subarray(0, 60_000) };
    });
    // Long enough for the first bytes on a busy machine: where none has come, nothing could be mixed.
    const replaced = await outsideOf(download(server, "/model.onnx", { idleMs: 1000 }));
    expect(replaced).toMatchObject({ retryable: true, message: expect.stringContaining("took its place") });
  });

  test("that is not there, needs a password, or comes from a server in trouble is told", async () => {
    using server = startHttps(
      (request) => new Response("no", { status: Number(new URL(request.url).pathname.slice(1)) }),
    );
    const [missing, locked, broken] = [
      await outsideOf(download(server, "/404")),
      await outsideOf(download(server, "/401")),
      await outsideOf(download(server, "/503")),
    ];
    expect(missing.message).toBe(`${server.url}/404: the server answered 404`);
    expect(locked.hint).toContain("credentials");
    expect([missing.retryable, locked.retryable, broken.retryable]).toEqual([false, false, true]);
  });

  test("from a server that nobody trusts, or that says nothing, is told", async () => {
    using server = startHttps(() => new Promise<Response>(() => {}));
    const untrusted = await outsideOf(download(server, "/m", { fetch: (url, init) => fetch(url, init), tries: 1 }));
    expect(untrusted.message).toContain("certificate is not trusted");
    const silent = await outsideOf(download(server, "/m", { idleMs: 50, tries: 1 }));
    expect(silent.message).toContain("did not answer in time");
  });
});

describe("an address that goes into git", () => {
  test("keeps its path and query, and loses its fragment", () => {
    expect(addressOf("https://host.example/a/model.onnx?download=true#top")).toBe(
      "https://host.example/a/model.onnx?download=true",
    );
  });

  test.each([
    ["http://host.example/model.onnx", "no https address"],
    ["ftp://host.example/model.onnx", "no https address"],
    ["https://", "no https address"],
    ["https://ada:hunter2@host.example/model.onnx", "a user name or password"],
    ["https://host.example/m.onnx?X-Amz-Signature=hunter2", "the parameter X-Amz-Signature"],
    ["https://host.example/m.onnx?a=b&sig=hunter2", "the parameter sig"],
    ["https://host.example/m.onnx?access_token=hunter2", "the parameter access_token"],
    ["https://host.example/m.onnx?auth_token=hunter2", "the parameter auth_token"],
    ["https://host.example/m.onnx?private_token=hunter2", "the parameter private_token"],
    ["https://host.example/m.onnx?client_secret=hunter2", "the parameter client_secret"],
    ["https://host.example/m.onnx?AWSAccessKeyId=hunter2", "the parameter AWSAccessKeyId"],
    ["https://host.example/m.onnx?authorization=hunter2", "the parameter authorization"],
    ["https://host.example/m.onnx?passwd=hunter2", "the parameter passwd"],
    ["https://host.example/m.onnx?X-Amz-Date=hunter2", "the parameter X-Amz-Date"],
    ["https://host.example/m.onnx?to%6Ben=hunter2", "the parameter token"],
    ["https://host.example/ghp_hunter2hunter2hunter2/m.onnx", "what looks like a secret"], // secretlint-disable-line -- made up
    ["https://host.example/m.onnx?v=ghp_hunter2hunter2hunter2", "what looks like a secret"], // secretlint-disable-line -- made up
  ])("is refused where it is %s, without repeating what is secret", async (text, message) => {
    const problem = await problemOf(() => addressOf(text));
    expect(problem.code).toBe("artifact-uri");
    expect(problem.message).toContain(message);
    expect(JSON.stringify(problem)).not.toContain("hunter2");
  });

  test("is refused with every parameter that would be masked where it is shown", async () => {
    const word = fc.constantFrom("signature", "token", "secret", "password", "credential");
    const name = fc
      .tuple(fc.stringMatching(/^[\w-]{0,12}$/), word, fc.infiniteStream(fc.boolean()))
      .map(([before, after, upper]) =>
        Array.from(before + after, (letter) => (upper.next().value === true ? letter.toUpperCase() : letter)).join(""),
      );
    await fc.assert(
      fc.asyncProperty(name, async (parameter) => {
        const text = `https://host.example/m.onnx?v=1&${parameter}=hunter2`;
        expect(withoutSecrets(text)).not.toBe(text);
        expect((await problemOf(() => addressOf(text))).message).toContain(`the parameter ${parameter}`);
      }),
    );
  });
});
