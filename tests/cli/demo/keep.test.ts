import { expect, test } from "bun:test";
import { descendants, startDemo, survivors } from "./demo-process.ts";

test("with --keep everything goes on until Ctrl-C, and it says what to try", async () => {
  using demo = startDemo(["--keep"]);
  await demo.says("Ctrl-C ends it all");
  const shown = demo.stderr();
  const url = /curl -s (http:\/\/\S+)\/status/.exec(shown)?.[1] ?? "";
  const status = (await (await fetch(`${url}/status`)).json()) as { models: { stable: { version: number } }[] };
  expect(status.models[0]!.stable.version).toBe(2);

  // What it suggests works as it stands, in a shell of one's own.
  const lines = shown.slice(shown.indexOf("Everything is left running")).split("\n");
  const [enter = "", variables = "", alias = ""] = lines.filter((line) => /^ {2}(cd|export|alias) /.test(line));
  const mmsp = alias.trim().replace(/^alias mmsp='(.*)'$/, "$1");
  const script = `${enter}\n${variables}\ngit pull --quiet && ${mmsp} status`;
  const shell = Bun.spawn(["sh", "-ec", script], { stdio: ["ignore", "pipe", "pipe"] });
  expect(await shell.stdout.text()).toContain("3 by guard");
  expect(await shell.exited).toBe(0);

  const started = descendants(demo.pid);
  process.kill(demo.pid, "SIGINT");
  expect(await demo.exited).toBe(0);
  expect(await demo.stdout()).toContain("stopped");
  expect(demo.folders()).toEqual([]);
  expect(await survivors(started)).toEqual([]);
}, 120_000);
