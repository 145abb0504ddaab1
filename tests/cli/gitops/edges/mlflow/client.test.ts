import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openMlflow } from "../../../../../cli/gitops/edges/mlflow/open.ts";
import { mlflowSettings } from "../../../../../cli/gitops/edges/mlflow/settings.ts";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { startFakeMlflow, type FakeMlflow } from "../../../../support/mlflow-fake.ts";
import { linearModel } from "../../../../support/models.ts";
import { problemOf } from "../../../../support/problems.ts";

let server: FakeMlflow;
beforeEach(() => {
  server = startFakeMlflow();
  server.log("fraud", linearModel());
});
afterEach(() => server[Symbol.dispose]());

type Variables = Readonly<Record<string, string>>;
const open = (env: Variables = {}) =>
  openMlflow({ MLFLOW_TRACKING_URI: server.url, ...env }, "mmsp-test", { timeoutMs: 300, waitsMs: [1] });
const read = (env: Variables = {}) => open(env).readModel("fraud");
const password = "pass/word?1";

describe("who asks", () => {
  const basic = (user: string) => `Basic ${btoa(`${user}:${password}`)}`;
  const cases: readonly (readonly [string, Variables, string | null])[] = [
    ["nobody", {}, null],
    ["a token", { MLFLOW_TRACKING_TOKEN: "t-1" }, "Bearer t-1"],
    [
      "a name and a password, before a token, as MLflow's clients have it",
      { MLFLOW_TRACKING_TOKEN: "t-1", MLFLOW_TRACKING_USERNAME: "ann", MLFLOW_TRACKING_PASSWORD: password },
      basic("ann"),
    ],
  ];
  for (const [name, env, authorization] of cases) {
    test(name, async () => {
      await read(env);
      expect(server.calls.at(-1)).toMatchObject({ authorization });
    });
  }

  test("a name and a password in the address, which are no part of the calls' addresses", async () => {
    const uri = server.url.replace("//", `//ann:${encodeURIComponent(password)}@`);
    expect(mlflowSettings({ MLFLOW_TRACKING_URI: uri }).url).toBe(server.url);
    await read({ MLFLOW_TRACKING_URI: uri });
    expect(server.calls.at(-1)).toMatchObject({ authorization: basic("ann") });
  });

  test("variables that cannot be used are named, and not quoted", async () => {
    const wrong: readonly Variables[] = [
      { MLFLOW_TRACKING_URI: "" },
      { MLFLOW_TRACKING_URI: `mysql://ann:${password}@db/mlflow` },
      { MLFLOW_TRACKING_TOKEN: `${password}\nx` },
      { MLFLOW_TRACKING_USERNAME: "ann", MLFLOW_TRACKING_PASSWORD: `${password}\r\nx: y` },
    ];
    const codes: string[] = [];
    for (const env of wrong) {
      const problem = await problemOf(() => read(env));
      codes.push(problem.code);
      expect(JSON.stringify(problem)).not.toContain(password);
    }
    expect(codes).toEqual([
      "mlflow-uri-missing",
      "mlflow-uri",
      "mlflow-credentials-malformed",
      "mlflow-credentials-malformed",
    ]);
  });
});

describe("a call that fails", () => {
  const credentials = { MLFLOW_TRACKING_USERNAME: "ann", MLFLOW_TRACKING_PASSWORD: password };
  const replies: readonly (readonly [string, () => Response, string])[] = [
    ["401", () => new Response("You are not authenticated.", { status: 401 }), "mlflow-unauthorized"],
    ["403", () => new Response("Permission denied", { status: 403 }), "mlflow-forbidden"],
    ["a web page", () => new Response("<html>login</html>"), "mlflow-not-there"],
    ["a redirect", () => Response.redirect("https://login.example.com/"), "mlflow-not-there"],
    ["404 of somebody else", () => new Response("Not Found", { status: 404 }), "mlflow-not-there"],
  ];
  for (const [name, reply, code] of replies) {
    test(`${name} is told with what to do`, async () => {
      server.hook = reply;
      expect(await problemOf(() => read(credentials))).toMatchObject({ code });
      expect(server.calls).toHaveLength(1);
    });
  }

  test("5xx is tried again, then told as passing; a server that echoes what it was sent gives nothing away", async () => {
    const token = "token-0123456789";
    server.hook = ({ authorization }) =>
      Response.json({ error_code: "INTERNAL_ERROR", message: `boom ${authorization}\n\u001b[31m` }, { status: 500 });
    for (const env of [{ MLFLOW_TRACKING_TOKEN: token }, credentials]) {
      const error = (await read(env).catch((error: unknown) => error)) as OutsideError;
      expect(error).toBeInstanceOf(OutsideError);
      expect(error.retryable).toBe(true);
      expect(error.message).toMatch(
        /^reading models:\/fraud: MLflow at \S+ answered 500 \(boom (Bearer|Basic) \*\*\* \[31m\)$/,
      );
      expect(Bun.inspect(error)).not.toMatch(new RegExp(`${token}|${btoa(`ann:${password}`)}`));
    }
    expect(server.calls).toHaveLength(4);
  });

  test("a server that says nothing is given up, once", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    server.hook = () => promise;
    const error = (await read().catch((error: unknown) => error)) as OutsideError;
    resolve(new Response());
    expect(error.message).toContain("did not answer in time");
    expect(server.calls).toHaveLength(1);
  });

  test("nobody there at all", async () => {
    const error = (await read({ MLFLOW_TRACKING_URI: "http://127.0.0.1:1/mlflow" }).catch(
      (error: unknown) => error,
    )) as OutsideError;
    expect(error).toMatchObject({
      retryable: true,
      message: "reading models:/fraud: MLflow at 127.0.0.1:1 cannot be reached",
    });
  });
});

describe("the registry", () => {
  test("is read with aliases, stages and tags; a model that is not there is null", async () => {
    const { aliases, versions } = server.models.get("fraud")!;
    aliases.set("champion", "1");
    versions.get("1")!.tags.set("team", "risk");
    const state = (await read())!;
    expect([...state.aliases]).toEqual([["champion", 1]]);
    expect(state.versions.get(1)).toMatchObject({ stage: "None", tags: new Map([["team", "risk"]]) });
    expect(await open().readModel("nothing")).toBeNull();
  });

  test("is read page by page", async () => {
    const page = (version: string) => ({ name: "fraud", version, current_stage: "None" });
    let asked = 0;
    server.hook = ({ path }) => {
      if (!path.endsWith("model-versions/search")) return undefined;
      asked += 1;
      return Response.json({
        model_versions: [page(String(asked))],
        ...(asked < 3 ? { next_page_token: `p${asked}` } : {}),
      });
    };
    expect([...(await read())!.versions.keys()]).toEqual([1, 2, 3]);
  });

  test("takes every action, and each twice", async () => {
    const place = { model: "fraud", version: 1, because: "" };
    const mlflow = open();
    for (const action of [
      { kind: "set-alias", ...place, alias: "champion", from: null },
      { kind: "set-alias", ...place, alias: "old", from: null },
      { kind: "remove-alias", ...place, alias: "old" },
      { kind: "set-tag", ...place, key: "a", value: "1" },
      { kind: "set-tag", ...place, key: "b", value: "2" },
      { kind: "remove-tag", ...place, key: "b" },
      { kind: "set-stage", ...place, stage: "Archived", from: "None" },
    ] as const) {
      await mlflow.apply(action);
      await mlflow.apply(action);
    }
    const { aliases, versions } = server.models.get("fraud")!;
    expect([...aliases]).toEqual([["champion", "1"]]);
    expect(versions.get("1")).toMatchObject({ stage: "Archived", tags: new Map([["a", "1"]]) });
  });
});
