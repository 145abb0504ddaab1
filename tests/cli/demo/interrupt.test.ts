import { describe, expect, test } from "bun:test";
import { descendants, gitWithout, startDemo, survivors, type DemoProcess } from "./demo-process.ts";

const slow = 60_000;

/** Sends the signals one after the other, and tells what of the demo is left when it has ended. */
async function interrupt(demo: DemoProcess, ...signals: readonly NodeJS.Signals[]) {
  const started = descendants(demo.pid);
  expect(demo.folders()).toHaveLength(1);
  for (const signal of signals) process.kill(demo.pid, signal);
  const code = await demo.exited;
  return { code, started: started.length, left: await survivors(started), folders: demo.folders() };
}

describe("Ctrl-C leaves no process and no folder behind", () => {
  test(
    "while the repository is made",
    async () => {
      using demo = startDemo([]);
      await demo.says("$ mmsp init");
      const { code, left, folders } = await interrupt(demo, "SIGINT");
      expect({ code, left, folders }).toEqual({ code: 1, left: [], folders: [] });
      expect(await demo.stdout()).toContain("interrupted after");
    },
    slow,
  );

  test(
    "in the middle of a command",
    async () => {
      using demo = startDemo(["--json"]);
      await demo.says("$ mmsp deploy breast-cancer --version 1");
      const { code, left, folders } = await interrupt(demo, "SIGINT");
      expect({ code, left, folders }).toEqual({ code: 1, left: [], folders: [] });
      expect(JSON.parse(await demo.stdout())).toMatchObject({ status: "interrupted", failure: null });
    },
    slow,
  );

  test(
    "while the gateway starts",
    async () => {
      using demo = startDemo([]);
      await demo.says("$ mmsp up");
      const { code, left, folders } = await interrupt(demo, "SIGINT");
      expect({ code, left, folders }).toEqual({ code: 1, left: [], folders: [] });
    },
    slow,
  );

  test(
    "under traffic, by SIGTERM",
    async () => {
      using demo = startDemo([]);
      await demo.says("$ mmsp register breast-cancer --version 2");
      const { code, started, left, folders } = await interrupt(demo, "SIGTERM");
      expect({ code, left, folders }).toEqual({ code: 1, left: [], folders: [] });
      // mmsp up and its gateway at the least.
      expect(started).toBeGreaterThan(1);
    },
    slow,
  );

  test(
    "twice, by somebody in a hurry",
    async () => {
      using demo = startDemo([]);
      await demo.says("steady traffic from now on");
      const { code, started, left, folders } = await interrupt(demo, "SIGINT", "SIGTERM");
      expect(left).toEqual([]);
      expect(folders).toEqual([]);
      expect(code).toBe(130);
      expect(started).toBeGreaterThan(1);
    },
    slow,
  );

  test(
    "once, although `bun run` passes it on a second time",
    async () => {
      using demo = startDemo([]);
      await demo.says("$ mmsp init");
      const { code, left, folders } = await interrupt(demo, "SIGINT", "SIGINT");
      expect({ code, left, folders }).toEqual({ code: 1, left: [], folders: [] });
      expect(await demo.stdout()).toContain("interrupted after");
    },
    slow,
  );

  test(
    "when the terminal is closed",
    async () => {
      using demo = startDemo([]);
      await demo.says("steady traffic from now on");
      const { code, left, folders } = await interrupt(demo, "SIGHUP");
      expect({ code, left, folders }).toEqual({ code: 129, left: [], folders: [] });
    },
    slow,
  );
});

test(
  "a step that does not happen ends the demo with exit code 1, says which, and leaves nothing behind",
  async () => {
    using broken = gitWithout("push");
    using demo = startDemo(["--json"], { PATH: `${broken.path}:${process.env["PATH"] ?? ""}` });
    expect(await demo.exited).toBe(1);
    const report = JSON.parse(await demo.stdout()) as { status: string; failure: string };
    expect(report).toMatchObject({ status: "failed", failure: "git push ended with exit code 1" });
    expect(demo.stderr()).toContain("no push today");
    expect(demo.folders()).toEqual([]);
  },
  slow,
);
