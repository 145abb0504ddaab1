import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { jsonOf, makeProject, spawnCli, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

let project: Project | undefined;

afterEach(async () => {
  if (project === undefined) return;
  if (existsSync(join(project.path, ".mmsp/dev/gateway.json"))) await project.run(["down"]);
  project[Symbol.dispose]();
  project = undefined;
});

interface Serving {
  readonly url: string;
  readonly pid: number;
}

async function detached(project: Project): Promise<Serving> {
  return jsonOf(await project.run(["up", "--port", "0", "--detach", "--json"])) as unknown as Serving;
}

interface Status {
  readonly models: readonly {
    readonly model: string;
    readonly stable: { readonly version: number };
    readonly canary: { readonly version: number; readonly weight: number } | null;
  }[];
}

/** Asks `/status` until it is as wanted; the gateway sees an edit when the system tells it, not when the edit is made. */
async function statusWhen(url: string, wanted: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = (await (await fetch(`${url}/status`)).json()) as Status;
    if (wanted(status)) return status;
    await Bun.sleep(50);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended stays in the list until its parent has looked.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ended(pid: number): Promise<void> {
  while (isThere(pid)) await Bun.sleep(20);
}

/** Starts `up` in the foreground and answers once it serves. */
async function foreground(folder: string, ...args: readonly string[]) {
  const child = spawnCli(["up", "--port", "0", ...args], { cwd: folder });
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    said += decoder.decode(chunk, { stream: true });
    if (said.includes("Ctrl-C stops it")) break;
  }
  const state = JSON.parse(readFileSync(join(folder, ".mmsp/dev/gateway.json"), "utf8")) as Serving;
  return { child, said, ...state };
}

describe("mmsp up --detach", () => {
  test("serves a model that is in no example, and follows what is edited while it runs", async () => {
    project = await makeProject({ serving: true });
    const up = await project.run(["up", "--port", "0", "--detach"]);
    expect(up).toMatchObject({ exitCode: 0, stderr: "" });
    expect(up.stdout).toMatch(/^✓ serving dev from .*\n {2}fraud: version 1\n {2}http:\/\/127\.0\.0\.1:\d+ /);
    expect(up.stdout).toEndWith("\n  mmsp down stops it\n");
    const url = /http:\S+/.exec(up.stdout)![0];

    const features = [[0.5, 0.25, 0.125]];
    const reply = await fetch(`${url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "fraud", features }),
    });
    expect(await reply.json()).toMatchObject({ model_name: "fraud", model_version: "1", predictions: [1] });

    await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "40", "--local");
    const { models } = await statusWhen(url, (status) => status.models[0]?.canary != null);
    expect(models).toMatchObject([{ model: "fraud", stable: { version: 1 }, canary: { version: 2, weight: 40 } }]);
    await project.mmsp("promote", "fraud", "--local");
    await statusWhen(url, (status) => status.models[0]?.stable.version === 2);

    // loadgen finds the model by itself, and takes rows from standard input.
    const load = ["loadgen", "--rps", "40", "--duration", "0.5", "--gateway", url];
    expect(jsonOf(await project.run([...load, "--json"]))).toMatchObject({ due: 20, ok: 20, failed: 0 });

    // What the gateway keeps is none of git's business; the token in it least of all.
    expect(await project.git("status", "--short", "--untracked-files=all")).not.toContain(".mmsp");
    expect(await project.mmsp("down")).toBe(`✓ stopped the gateway at ${url}\n`);
    expect(await project.mmsp("down")).toBe("nothing to do: no gateway for dev is running here\n");
  });

  test("a second one is refused with the first one's address, and the first goes on", async () => {
    project = await makeProject({ serving: true });
    const { url } = await detached(project);
    const second = await project.run(["up", "--port", "0", "--detach"]);
    expect(second).toMatchObject({ exitCode: 1, stdout: "" });
    expect(second.stderr).toBe(`error: a gateway for dev runs already at ${url}\n  hint: mmsp down stops it\n`);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  test("killed with -9 it is no longer taken for running, and up starts another", async () => {
    project = await makeProject({ serving: true });
    const { pid } = await detached(project);
    process.kill(pid, "SIGKILL");
    await ended(pid);
    expect(jsonOf(await project.run(["down", "--json"]))).toMatchObject({ status: "skipped" });
    const second = await detached(project);
    expect((await fetch(`${second.url}/health/live`)).status).toBe(200);
  });

  test("an environment without models is served too, and says how to get one", async () => {
    project = await makeProject();
    const { stdout, exitCode } = await project.run(["up", "--port", "0", "--detach"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("  nothing is deployed here yet: mmsp deploy NAME --version V --env dev --local\n");
  });

  test("a broken document is told at the start, and what can be served is", async () => {
    project = await makeProject({ serving: true });
    project.put("environments/dev/models/other/deployment.yaml", "spec: {\n");
    const { stdout, exitCode } = await project.run(["up", "--port", "0", "--detach"]);
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith("! serving dev");
    expect(stdout).toContain("  fraud: version 1\n");
    expect(stdout).toMatch(/\n {2}problem: environments\/dev\/models\/other\/deployment\.yaml:\d+:\d+: /);
  });

  test("a port that is taken, even by a gateway that would share it, is refused", async () => {
    project = await makeProject({ serving: true });
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const byOther = await project.run(["up", "--port", String(port)]);
    taken.close();
    expect(byOther).toMatchObject({ exitCode: 1, stdout: "" });
    expect(byOther.stderr).toBe(`error: port ${port} is taken\n  hint: name another with --port; 0 is any free one\n`);

    const { url } = await detached(project);
    const byGateway = await project.run(["up", "--env", "prod", "--port", new URL(url).port]);
    expect(byGateway.exitCode).toBe(1);
    expect(byGateway.stderr).toContain("is taken");
  });
});

describe("mmsp up in the foreground", () => {
  test("Ctrl-C stops the gateway, says so, and leaves nothing running", async () => {
    project = await makeProject({ serving: true });
    const { child, said, pid } = await foreground(project.path);
    expect(said).toContain("✓ serving dev from ");
    child.kill("SIGINT");
    expect(await child.stdout.text()).toBe("stopped\n");
    expect(await child.exited).toBe(0);
    expect(isThere(pid)).toBe(false);
    expect(existsSync(join(project.path, ".mmsp/dev/gateway.json"))).toBe(false);
  });

  test("down stops it from another terminal, and a second up is refused meanwhile", async () => {
    project = await makeProject({ serving: true });
    const { child, url } = await foreground(project.path, "--json");
    expect((await project.run(["up", "--port", "0"])).stderr).toContain(`runs already at ${url}`);
    expect(await project.mmsp("down")).toContain("stopped the gateway");
    expect(JSON.parse(await child.stdout.text())).toMatchObject({ status: "stopped", url });
    expect(await child.exited).toBe(0);
  });

  test("killed with -9 it takes its gateway along", async () => {
    project = await makeProject({ serving: true });
    const { child, pid } = await foreground(project.path);
    child.kill("SIGKILL");
    await child.exited;
    await ended(pid);
    expect(isThere(pid)).toBe(false);
  });

  test("a gateway that dies is told, with its log", async () => {
    project = await makeProject({ serving: true });
    const { child, pid } = await foreground(project.path, "--json");
    process.kill(pid, "SIGKILL");
    const printed = JSON.parse(await child.stdout.text()) as { problems: readonly object[] };
    expect(printed).toMatchObject({
      status: "refused",
      problems: [{ code: "gateway-ended", hint: expect.stringContaining("gateway.log") }],
    });
    expect(await child.exited).toBe(1);
  });
});
