/** Fifty processes and a gateway's committer write to one repository at once, over a line that now and then fails. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { faultKinds, faultOf, mayComeAfter, type FaultKind } from "../../../../cli/demo/forge/faults.ts";
import { commitCuts } from "../../../../cli/gitops/commit-cuts.ts";
import { effective } from "../../../../schemas/effective.ts";
import { paths } from "../../../../schemas/tree.ts";
import { cutOf } from "../../../support/cuts.ts";
import { linearModel } from "../../../support/models.ts";
import { seededRandom } from "../../../support/random.ts";
import { cliEnv, main } from "../../run-cli.ts";
import { planner } from "../cut-parts.ts";
import { sampleFiles, since } from "../documents.ts";
import { startHub, token, type Hub } from "../hub.ts";
import { openInspector, type Inspector } from "./inspector.ts";

setDefaultTimeout(120_000);

/** Stable version 2, with nothing beside it. */
const plain = Array.from({ length: 8 }, (_, at) => `plain-${at}`);
/** Version 3 runs beside it as a canary: the first four are promoted, the others are rolled back. */
const canaries = Array.from({ length: 8 }, (_, at) => `canary-${at}`);
/** The gateway takes out their stable version. */
const watched = Array.from({ length: 4 }, (_, at) => `watched-${at}`);

function files(): Record<string, string> {
  const all = sampleFiles([...plain, ...canaries, ...watched]);
  for (const model of canaries) {
    const document = paths.deployment("dev", model);
    const kustomization = paths.deploymentKustomization("dev", model);
    const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
    all[document] = (all[document] ?? "").replace("  previous:", `${canary}  previous:`);
    all[kustomization] = (all[kustomization] ?? "").replace("/2]", `/2, ../../../registry/${model}/3]`);
  }
  return all;
}

/** Registered meanwhile. */
const fresh = ["fresh-0", "fresh-1", "fresh-2"];

const twice = <T>(items: readonly T[]): readonly T[] => items.flatMap((item) => [item, item]);
const deploy = (model: string, weight: number) => ["deploy", model, "--version", "3", "--canary", String(weight)];
const promote = (model: string) => ["promote", model, "--version", "3"];
const rollBack = (model: string) => ["rollback", model, "--commit", "--to", model.startsWith("canary") ? "2" : "1"];

function commands(modelPath: string): readonly (readonly string[])[] {
  return [
    ...twice(plain).map((model) => deploy(model, 10)),
    ...plain.slice(0, 4).map((model) => deploy(model, 30)),
    ...twice(canaries.slice(0, 4)).map(promote),
    ...twice(plain.slice(4)).map(rollBack),
    ...twice(canaries.slice(4)).map(rollBack),
    ...twice(fresh).map((model) => ["register", model, "--model-path", modelPath]),
  ];
}

interface Written {
  readonly command: readonly string[];
  readonly exitCode: number;
  readonly stderr: string;
  readonly output: {
    readonly status?: string;
    readonly pullRequest?: { readonly number: number; readonly branch: string };
    readonly commit?: { readonly oid: string };
    readonly problems?: readonly { readonly message: string; readonly hint?: string }[];
  };
}

let hub: Hub;
let inspector: Inspector;
beforeAll(async () => {
  hub = await startHub(files());
  inspector = await openInspector(hub.server.gitDir);
});
afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

async function run(command: readonly string[]): Promise<Written> {
  const env = cliEnv({ GITHUB_API_URL: hub.server.apiUrl, GITHUB_TOKEN: token });
  const where = command[0] === "register" ? [] : ["--env", "dev"];
  const args = [process.execPath, main, ...command, ...where, "--repo", "acme/models", "--json"];
  const child = Bun.spawn(args, { cwd: hub.directory, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { command, exitCode, stderr, output: JSON.parse(stdout) as Written["output"] };
}

/** The gateway's rollbacks, from the library that it writes with. */
function react(models: readonly string[]) {
  const cuts = models.map((model) =>
    cutOf({ environment: "dev", model, version: 2, attempt: 5, phase: "stable", by: "alert" }),
  );
  const options = { baseBranch: "main", as: "commit", autoMerge: false, openedFor: () => null } as const;
  const never = () => Promise.reject(new Error("a rollback brings no artifacts"));
  return commitCuts(cuts, options, {
    forge: hub.client(),
    planner,
    artifacts: { read: never, store: never },
    now: () => new Date(),
    random: Math.random,
    sleep: Bun.sleep,
  });
}

/** One call in so many fails, before or after it took effect. */
function failNowAndThen(seed: number): { readonly failed: number } {
  const random = seededRandom(seed);
  const count = { failed: 0 };
  // Silence, and a limit of an hour, would have to be waited for.
  const kinds = faultKinds.filter((kind) => !["silence", "primary-limit-for-an-hour", "graphql-limit"].includes(kind));
  const hook = (possible: readonly FaultKind[]) => () => {
    if (random() >= 0.02) return;
    count.failed += 1;
    throw faultOf(possible[Math.floor(random() * possible.length)] ?? "reset");
  };
  hub.hook = hook(kinds);
  hub.replyHook = hook(kinds.filter(mayComeAfter));
  return count;
}

test("fifty processes and the gateway at once lose nothing and break no rule", async () => {
  const modelPath = `${hub.directory}/fresh.onnx`;
  await Bun.write(modelPath, linearModel({ bias: [4, 5] }));
  const faults = failNowAndThen(20261121);
  const all = commands(modelPath);
  expect(all).toHaveLength(50);
  const [written, answers, again] = await Promise.all([
    Promise.all(all.map(run)),
    react(watched),
    react(watched.slice(0, 2)),
  ]);
  hub.hook = undefined;
  hub.replyHook = undefined;
  expect(faults.failed).toBeGreaterThan(0);

  // Each has done it, found it done, or said in words that the line failed; and then the next try does it.
  const failed = written.filter(({ exitCode }) => exitCode !== 0);
  for (const { output } of failed) {
    for (const { message, hint = "" } of output.problems ?? [{ message: "no words" }])
      expect([message, hint]).toEqual([
        expect.stringMatching(/GitHub (cannot be reached|answered 50\d)/),
        expect.stringContaining("try again"),
      ]);
  }
  for (const { command } of failed) expect(await run(command)).toMatchObject({ exitCode: 0 });
  for (const { kind } of [...answers, ...again]) expect(["committed", "skip"]).toContain(kind);

  const commits = await inspector.between(hub.start, await hub.head("main"));
  const changes = commits.map(({ message }) => message.match(/^mmsp-change: .*$/gm) ?? []);
  expect(new Set(changes.flat()).size).toBe(changes.flat().length);
  const rolledBack = [...plain.slice(4), ...canaries.slice(4), ...watched];
  expect(changes.flat()).toHaveLength(rolledBack.length);
  for (const { oid, parents } of commits) {
    expect(parents).toHaveLength(1);
    expect(await inspector.complaints(oid)).toEqual([]);
  }
  const oids = new Set(commits.map(({ oid }) => oid));
  for (const { output } of written) if (output.commit) expect(oids).toContain(output.commit.oid);

  const deployments = (await inspector.tree(await hub.head("main"))).deployments.get("dev");
  for (const model of rolledBack) {
    const deployment = deployments?.get(model);
    const version = model.startsWith("canary") ? 3 : 2;
    expect(deployment?.spec.rejected?.map((entry) => entry.version)).toEqual([version]);
    expect(deployment && effective(deployment).stable?.version).toBe(version - 1);
  }

  const pulls = (await hub.api("GET", "/pulls?state=all&per_page=100")) as readonly {
    state: string;
    head: { ref: string };
  }[];
  const branches = pulls.map(({ head }) => head.ref).toSorted();
  expect(new Set(branches).size).toBe(branches.length);
  expect(branches).toEqual([
    ...canaries.slice(0, 4).map((model) => `mmsp/dev/${model}/promote-3`),
    ...plain.map((model) => `mmsp/dev/${model}/deploy-3`),
    ...fresh.map((model) => expect.stringMatching(new RegExp(`^mmsp/registry/${model}/1-`))),
  ]);
  for (const branch of branches) {
    const head = await hub.head(branch);
    expect(await inspector.between(await hub.head("main"), head)).toHaveLength(1);
    expect(await inspector.complaints(head)).toEqual([]);
  }
});
