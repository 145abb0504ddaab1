import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { patienceMs } from "../../../cli/commands/down.ts";
import { makeProject, spawnCli } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

test("down waits for longer than a gateway takes to stop by itself", () => {
  const main = readFileSync(join(import.meta.dir, "../../../gateway/main.ts"), "utf8");
  const constant = (name: string) =>
    Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(main)?.[1]?.replaceAll("_", ""));
  expect(constant("drainMs")).toBeGreaterThan(0);
  expect(patienceMs).toBeGreaterThan(constant("drainMs") + constant("settleMs"));
});

test("down says what it waits for, and goes on until the gateway has ended", async () => {
  using project = await makeProject();
  // Stands in for a gateway with a request under way, which takes until its standard input is closed.
  const script =
    'process.on("SIGTERM", () => {}); process.send("ready"); process.stdin.on("end", () => process.exit(0)).resume();';
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const gateway = Bun.spawn([process.execPath, "-e", script, "gateway/main.ts"], {
    stdio: ["pipe", "ignore", "inherit"],
    ipc: () => resolve(),
  });
  await ready;
  project.put(".mmsp/dev/gateway.json", JSON.stringify({ pid: gateway.pid, url: "http://127.0.0.1:1", log: "" }));
  const down = spawnCli(["down"], { cwd: project.path });
  let said = "";
  for await (const chunk of down.stderr) {
    said += new TextDecoder().decode(chunk);
    if (said.endsWith("\n")) await gateway.stdin.end();
  }
  expect(said).toBe("the gateway at http://127.0.0.1:1 finishes the requests under way first; killed after 40 s\n");
  expect(await down.stdout.text()).toBe("✓ stopped the gateway at http://127.0.0.1:1\n");
  expect(await down.exited).toBe(0);
  expect(await gateway.exited).toBe(0);
});
