import { afterAll, beforeAll, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
beforeAll(async () => {
  rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
});
afterAll(() => rig[Symbol.asyncDispose]());

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: object }>>>>;

async function described(): Promise<Paths> {
  return (await rig.get("/openapi/json")).json()["paths"] as Paths;
}

/** `:model` is `{model}`; `:target` is a model, with a verb where something is to be done. */
function templateOf(method: string, path: string): string {
  const target = method === "POST" ? "{model}:predict" : "{model}";
  const template = path.replace(":target", target).replaceAll(/:(model|version)\b/g, "{$1}");
  return template.replace(/(?<=.)\/$/, "");
}

test("every route is described, and nothing else", async () => {
  const routes = rig.app.routes.map(({ method, path }) => `${method} ${templateOf(method, path)}`);
  const operations = Object.entries(await described()).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.toSorted()).toEqual([...new Set(routes)].toSorted());
});

test("every address that is described answers, as it says, without a failure", async () => {
  for (const [path, methods] of Object.entries(await described())) {
    for (const [method, { requestBody }] of Object.entries(methods)) {
      const address = path.replace("{model}", "fraud").replace("{version}", "1");
      const content = requestBody as { content: { "application/json": { example: object } } } | undefined;
      const example = JSON.stringify(content?.content["application/json"].example)?.replaceAll("MODEL", "fraud");
      const reply = await rig.send(address, { method, ...(example === undefined ? {} : { body: example }) });
      const refused = address === "/alerts" ? 401 : /\/(un)?load$/.test(address) ? 403 : 200;
      expect([address, reply.status]).toEqual([address, refused]);
    }
  }
});

test("the page asks nobody but the gateway, and its script is sound", async () => {
  const reply = await rig.get("/openapi");
  expect(reply.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(reply.headers.get("content-security-policy")).toStartWith("default-src 'none'; connect-src 'self'");
  expect(reply.text).not.toMatch(/\b(https?:)?\/\/[\w-]+\.|\bsrc=|@import|innerHTML/);
  const [, script = ""] = /<script>([\s\S]*)<\/script>/.exec(reply.text) ?? [];
  expect(() => new Bun.Transpiler({ loader: "js" }).scan(script)).not.toThrow();
  expect(script).toContain("fetch(");
});
