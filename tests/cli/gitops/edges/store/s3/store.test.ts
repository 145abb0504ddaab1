import { describe, expect, test } from "bun:test";
import { s3Access } from "../../../../../../cli/gitops/edges/store/s3/access.ts";
import { transport, type Transport } from "../../../../../../cli/gitops/edges/store/s3/request.ts";
import { s3Store } from "../../../../../../cli/gitops/edges/store/s3/store.ts";
import { OutsideError } from "../../../../../../cli/gitops/core/ports.ts";
import { problemOf } from "../../../../../support/problems.ts";
import { fakeKeys, s3Error, startFakeS3, type FakeS3 } from "../../../../../support/s3-fake.ts";
import { sha256 } from "../../../../../support/versions.ts";

const impatient: Transport = { ...transport, idleMs: 400, tries: 3, sleep: () => Promise.resolve() };

/** Of 100 bytes, in parts of 10. */
const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
const key = `sha256/${sha256(bytes)}/model.onnx`;
const file = new Blob([bytes]);

function variables(url: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: fakeKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fakeKeys.secretAccessKey,
    AWS_ENDPOINT_URL: url,
  };
}

function open(s3: Pick<FakeS3, "url">, env: Record<string, string> = {}, using: Partial<Transport> = {}) {
  return s3Store(s3Access("s3://models/team/a", { ...variables(s3.url), ...env }), { ...impatient, ...using }, 10);
}

async function outsideOf(action: () => Promise<unknown>): Promise<OutsideError> {
  const error: unknown = await action().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutsideError);
  const outside = error as OutsideError;
  const shown = `${outside.message} ${outside.hint} ${outside.stack ?? ""}`;
  expect(shown).not.toContain(fakeKeys.secretAccessKey);
  return outside;
}

const partsSent = ({ requests }: FakeS3): string[] => requests.filter((line) => line.startsWith("PUT"));
const isPart = (query: URLSearchParams, number: number): boolean => query.get("partNumber") === String(number);

describe("an upload", () => {
  test("arrives below the prefix, part by part, and is there at the end only", async () => {
    using s3 = startFakeS3();
    s3.after = ({ method }) => {
      if (method === "PUT") expect(s3.objects.size).toBe(0);
      return undefined;
    };
    await open(s3).write(key, file);
    expect([...s3.objects.keys()]).toEqual([`team/a/${key}`]);
    expect(partsSent(s3)).toHaveLength(10);
    expect(await open(s3).read(key)).toEqual(Buffer.from(bytes));
  });

  test("that was cut off goes on with the parts that are missing", async () => {
    using s3 = startFakeS3();
    s3.before = ({ query }) => (isPart(query, 5) ? s3Error(500, "InternalError") : undefined);
    const failed = await outsideOf(() => open(s3).write(key, file));
    expect(failed.retryable).toBeTrue();
    expect(s3.objects.size).toBe(0);
    const arrived = [...(s3.uploads.get("upload-1")?.parts.keys() ?? [])];
    expect(arrived.length).toBeGreaterThan(3);
    s3.before = () => undefined;
    s3.requests.length = 0;
    await open(s3).write(key, file);
    expect(partsSent(s3)).toHaveLength(10 - arrived.length);
    expect(s3.uploads.size).toBe(0);
    expect(await open(s3).read(key)).toEqual(Buffer.from(bytes));
  });

  test("sends a part again that is there, but is not the file's", async () => {
    using s3 = startFakeS3();
    s3.uploads.set("old", {
      key: `team/a/${key}`,
      parts: new Map([
        [1, bytes.slice(0, 10)],
        [2, new Uint8Array(10)],
      ]),
    });
    await open(s3).write(key, file);
    expect(partsSent(s3)).toHaveLength(9);
    expect(await open(s3).read(key)).toEqual(Buffer.from(bytes));
  });

  test("starts anew where the server does not list uploads, or may not", async () => {
    for (const refusal of [() => s3Error(501, "NotImplemented"), () => s3Error(403, "AccessDenied")]) {
      using s3 = startFakeS3();
      s3.before = ({ method, query }) => (method === "GET" && query.has("uploads") ? refusal() : undefined);
      await open(s3).write(key, file);
      expect(s3.objects.size).toBe(1);
    }
  });

  test("of what is there already sends nothing", async () => {
    using s3 = startFakeS3();
    await open(s3).write(key, file);
    s3.requests.length = 0;
    await open(s3).write(key, file);
    expect(s3.requests).toEqual([`HEAD team/a/${key}`]);
  });

  test("writes again what is there with other bytes", async () => {
    using s3 = startFakeS3();
    s3.objects.set(`team/a/${key}`, new Uint8Array(100));
    await open(s3).write(key, file);
    expect(s3.objects.get(`team/a/${key}`)).toEqual(Buffer.from(bytes));
  });

  test("survives errors that pass, and answers that get lost after their effect", async () => {
    using s3 = startFakeS3();
    s3.before = ({ time }) => (time === 1 ? s3Error(503, "SlowDown") : undefined);
    s3.after = ({ method, time }) => (method !== "HEAD" && time === 2 ? s3Error(500, "InternalError") : undefined);
    await open(s3, {}, { tries: 5 }).write(key, file);
    expect(s3.objects.get(`team/a/${key}`)).toEqual(Buffer.from(bytes));
    expect(s3.objects.size).toBe(1);
  });

  test("whose end is told as an error after a good status is not taken for done", async () => {
    using s3 = startFakeS3();
    s3.before = ({ method, query, time }) => {
      const ends = method === "POST" && query.has("uploadId") && time === 1;
      return ends ? s3Error(200, "InternalError") : undefined;
    };
    const failed = await outsideOf(() => open(s3).write(key, file));
    expect(failed.message).toContain("InternalError");
    expect(s3.objects.size).toBe(0);
    await open(s3).write(key, file);
    expect(s3.objects.size).toBe(1);
  });

  test("is read back where the server's ETag is no MD5 sum", async () => {
    using s3 = startFakeS3();
    s3.after = ({ method, key }) => {
      const size = String(s3.objects.get(key)?.length ?? 0);
      if (method !== "HEAD" || size === "0") return undefined;
      return new Response(null, { headers: { etag: '"opaque"', "content-length": size } });
    };
    await open(s3).write(key, file);
    expect(s3.requests.at(-1)).toStartWith("GET ");
    s3.objects.clear();
    s3.after = ({ method, key }) => {
      const stored = s3.objects.get(key);
      if (method !== "POST" || stored === undefined) return undefined;
      s3.objects.set(
        key,
        stored.map((byte, at) => (at === 50 ? 0 : byte)),
      );
      return undefined;
    };
    s3.before = ({ method }) => (method === "HEAD" ? new Response(null, { status: 403 }) : undefined);
    const problem = await problemOf(() => open(s3).write(key, file));
    expect(problem.code).toBe("artifact-digest");
  });

  test("of bytes that are not the digest's never appears, and leaves no parts behind", async () => {
    using s3 = startFakeS3();
    for (const wrong of [new Blob([new Uint8Array(100)]), new Blob(["short"])]) {
      const problem = await problemOf(() => open(s3).write(key, wrong));
      expect(problem.code).toBe("artifact-digest");
    }
    expect(s3.objects.size + s3.uploads.size).toBe(0);
  });
});

describe("a download", () => {
  test("goes on where the connection was cut", async () => {
    const content = new Uint8Array(300_000).map((_, at) => at % 251);
    const stored = `sha256/${sha256(content)}/model.onnx`;
    const ranges: string[] = [];
    using cutting = cuttingServer(content, ranges);
    const access = s3Access("s3://models", variables(`http://127.0.0.1:${cutting.port}`));
    // How much of an answer arrives before the cut is chance, so that some parts are asked for several times.
    expect(await s3Store(access, { ...impatient, tries: 50 }).read(stored)).toEqual(Buffer.from(content));
    expect(ranges.slice(0, 2)).toEqual(["bytes=0-0", ""]);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test("of what is not there, or damaged, is a problem that names the place", async () => {
    using s3 = startFakeS3();
    const missing = await problemOf(() => open(s3).read(key));
    expect(missing).toMatchObject({ code: "file-missing", file: `s3://models/team/a/${key}` });
    s3.objects.set(`team/a/${key}`, new Uint8Array(100));
    const damaged = await problemOf(() => open(s3).read(key));
    expect(damaged).toMatchObject({ code: "artifact-digest", file: `s3://models/team/a/${key}` });
  });
});

/** Gives a third of a file at a time, and then cuts the connection. */
function cuttingServer(content: Uint8Array, ranges: string[]) {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, request) {
        const range = /\r\nrange: (\S+)/i.exec(request.toString())?.[1] ?? "";
        ranges.push(range);
        const [, from = "0", to = ""] = /(\d+)-(\d*)/.exec(range) ?? [];
        const end = to === "" ? content.length : Number(to) + 1;
        const status =
          range === "" ? "200 OK" : `206 Partial Content\r\nContent-Range: bytes ${from}-${end - 1}/${content.length}`;
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${end - Number(from)}\r\n\r\n`);
        socket.write(content.subarray(Number(from), Math.min(end, Number(from) + 100_000)));
        socket.end();
      },
    },
  });
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) };
}

describe("what goes wrong is told for people, without the secret", () => {
  const refusals = [
    ["NoSuchBucket", () => s3Error(404, "NoSuchBucket"), /no bucket "models"/, /create it/],
    ["AccessDenied", () => s3Error(403, "AccessDenied"), /access is denied/, /s3:PutObject/],
    ["ExpiredToken", () => s3Error(400, "ExpiredToken"), /have expired/, /AWS_SESSION_TOKEN/],
    [
      "RequestTimeTooSkewed",
      () => s3Error(403, "RequestTimeTooSkewed", "", { date: new Date(Date.now() - 3_600_000).toUTCString() }),
      /clock differs from the server's by (3599|3600|3601) s/,
      /set the clock/,
    ],
    [
      "PermanentRedirect",
      () => s3Error(301, "PermanentRedirect", "", { "x-amz-bucket-region": "eu-west-1" }),
      /in the region eu-west-1, not us-east-1/,
      /AWS_REGION=eu-west-1/,
    ],
    [
      "InternalError",
      () => s3Error(500, "InternalError", `no: ${fakeKeys.secretAccessKey}`),
      /answered 500 InternalError: no: \.\.\./,
      /later/,
    ],
  ] as const;
  test.each(refusals)("%s", async (_code, answer, message, hint) => {
    using s3 = startFakeS3();
    s3.before = ({ method }) => (method === "HEAD" ? undefined : answer());
    const error = await outsideOf(() => open(s3).write(key, file));
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect((await outsideOf(() => open(s3).read(key))).message).toMatch(message);
  });

  test("a wrong secret, or a key that nobody has", async () => {
    using s3 = startFakeS3();
    const wrong = await outsideOf(() => open(s3, { S3_SECRET_ACCESS_KEY: "another secret" }).write(key, file));
    expect(wrong.message).toContain("credentials are not accepted (SignatureDoesNotMatch)");
    expect(wrong.message).not.toContain("another secret");
    const unknown = await outsideOf(() => open(s3, { S3_ACCESS_KEY_ID: "NOBODY" }).read(key));
    expect(unknown.message).toContain("InvalidAccessKeyId");
    expect(s3.objects.size + s3.uploads.size).toBe(0);
  });

  test("a server that is not there, or says nothing", async () => {
    const refused = await outsideOf(() => open({ url: "http://127.0.0.1:1" }).write(key, file));
    expect(refused.message).toBe(
      "s3://models/team/a: http://127.0.0.1:1 cannot be reached: the connection was refused",
    );
    expect(refused.retryable).toBeTrue();
    using silent = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Promise<Response>(() => {}) });
    const late = await outsideOf(() => open({ url: silent.url.href }, {}, { idleMs: 50 }).read(key));
    expect(late.message).toContain("did not answer in time");
    await silent.stop(true);
  });

  test("credentials that are not set, an endpoint that is none, a store without a bucket", async () => {
    const none = await problemOf(() => s3Access("s3://models", { AWS_ACCESS_KEY_ID: "KEY" }));
    expect(none.code).toBe("store-credentials");
    expect(none.message).toContain("AWS_SECRET_ACCESS_KEY is not set");
    const endpoint = await problemOf(() => s3Access("s3://models", variables("ftp://user:pass@host")));
    expect(endpoint.code).toBe("store-endpoint");
    expect(JSON.stringify(endpoint)).not.toContain("pass@");
    expect((await problemOf(() => s3Access("s3://models/../x", variables("http://host")))).code).toBe("store-unknown");
  });
});

test("the usual variables say where and who: S3_* before AWS_*, the S3 endpoint before the common one", () => {
  const common = variables("https://s3.example.com/base/");
  expect(s3Access("s3://models", common)).toMatchObject({
    endpoint: "https://s3.example.com/base",
    region: "us-east-1",
    prefix: "",
  });
  const special = {
    ...common,
    AWS_ENDPOINT_URL_S3: "minio:9000",
    AWS_REGION: "eu-west-1",
    S3_ACCESS_KEY_ID: "MINE",
    AWS_SESSION_TOKEN: "token",
  };
  expect(s3Access("s3://models/a/b/", special)).toMatchObject({
    endpoint: "https://minio:9000",
    region: "eu-west-1",
    prefix: "a/b/",
    credentials: { accessKeyId: "MINE", sessionToken: "token" },
  });
  const amazon = { ...common, AWS_ENDPOINT_URL: "", AWS_DEFAULT_REGION: "eu-north-1" };
  expect(s3Access("s3://models", amazon).endpoint).toBe("https://s3.eu-north-1.amazonaws.com");
});
