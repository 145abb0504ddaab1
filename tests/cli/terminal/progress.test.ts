import { describe, expect, test } from "bun:test";
import { createProgress } from "../../../cli/terminal/progress.ts";
import { createStderr } from "../../../cli/terminal/stderr.ts";

/** A progress whose time goes on only when the test says so, and what it drew. */
function rig({ columns = 80 } = {}) {
  let time = 0;
  let timer: { readonly ms: number; readonly call: () => void; next: number } | null = null;
  const drawn: string[] = [];
  const progress = createProgress({
    live: (line) => void drawn.push(line),
    now: () => time,
    every(ms, call) {
      timer = { ms, call, next: time + ms };
      return () => void (timer = null);
    },
    columns: () => columns,
  });
  return {
    progress,
    drawn,
    get isTicking() {
      return timer !== null;
    },
    pass(ms: number) {
      const end = time + ms;
      for (let due = timer; due !== null && due.next <= end; due = timer) {
        time = due.next;
        due.next += due.ms;
        due.call();
      }
      time = end;
    },
    /** The clock goes on, and no timer fires: the thread is busy. */
    block(ms: number) {
      time += ms;
    },
  };
}

const forever = () => new Promise<never>(() => {});
const visible = (drawn: readonly string[]) => drawn.filter((line) => line !== "");

describe("progress", () => {
  test("says nothing for half a second, then which step is running and for how long the person has waited", () => {
    const { progress, drawn, pass } = rig();
    void progress.during("reading acme/models", forever);
    pass(499);
    expect(visible(drawn)).toEqual([]);
    pass(1);
    expect(drawn.at(-1)).toMatch(/^\S reading acme\/models 0\.5 s$/);
    pass(1000);
    expect(drawn.at(-1)).toMatch(/^\S reading acme\/models 1\.5 s$/);
  });

  test("a step that begins late is named at once, and one that has ended no more", async () => {
    const { progress, drawn, pass } = rig();
    const first = Promise.withResolvers<string>();
    const running = progress.during("first", () => first.promise);
    pass(600);
    first.resolve("done");
    expect(await running).toBe("done");
    void progress.during("second", forever);
    expect(drawn.at(-1)).toMatch(/^\S second 0\.6 s$/);
    pass(100);
    expect(drawn.at(-1)).toContain("second");
  });

  test("of several at once the latest that still runs is named", async () => {
    const { progress, drawn, pass } = rig();
    void progress.during("the long one", forever);
    const short = Promise.withResolvers<void>();
    const running = progress.during("the short one", () => short.promise);
    pass(500);
    expect(drawn.at(-1)).toContain("the short one");
    short.resolve();
    await running;
    pass(100);
    expect(drawn.at(-1)).toContain("the long one");
  });

  test("a step that fails ends as well, and its error goes on", async () => {
    const { progress, drawn, pass } = rig();
    pass(600);
    const failing = progress.during("failing", () => Promise.reject(new Error("no")));
    expect(drawn.at(-1)).toContain("failing");
    expect(failing).rejects.toThrow("no");
    await failing.catch(() => {});
    pass(100);
    expect(drawn.at(-1)).toBe("");
  });

  test("work that gives no timer a chance is named before it begins, until there is a pause", () => {
    const { progress, drawn, pass, block } = rig();
    progress.mark("planning");
    expect(visible(drawn)).toEqual([]);
    progress.mark("checking 30000 documents", true);
    expect(drawn.at(-1)).toContain("checking 30000 documents");
    block(2000);
    progress.mark("planning");
    expect(drawn.at(-1)).toMatch(/^\S planning 2\.0 s$/);
    pass(100);
    expect(drawn.at(-1)).toBe("");
  });

  test("ends with nothing on the line, and draws nothing after that", async () => {
    const { progress, drawn, pass, ...rest } = rig();
    void progress.during("a step", forever);
    pass(700);
    progress.stop();
    expect(drawn.at(-1)).toBe("");
    const before = drawn.length;
    void progress.during("another", forever);
    progress.mark("more", true);
    pass(1000);
    expect(drawn).toHaveLength(before);
    expect(rest.isTicking).toBe(false);
  });

  test("leaves the line to a command that draws its own", () => {
    const { progress, drawn, pass } = rig();
    void progress.during("a step", forever);
    progress.yieldTo(() => drawn.push("20 requests"));
    pass(2000);
    expect(drawn).toEqual(["20 requests"]);
  });

  test("fits on one line of the terminal, whatever is in a name", () => {
    const { progress, drawn, pass } = rig({ columns: 40 });
    void progress.during(`reading ${"x".repeat(100)}\n\u001b[31m`, forever);
    pass(12_000);
    expect(drawn.at(-1)!.length).toBeLessThan(40);
    expect(drawn.at(-1)).not.toMatch(/\p{Cc}/u);
  });
});

describe("stderr", () => {
  test("a line that is said stands above the live line, which is drawn again", () => {
    let text = "";
    const stderr = createStderr(
      (more) => (text += more),
      (line) => line,
    );
    stderr.say("one");
    stderr.live("working");
    stderr.say("two");
    stderr.live("");
    stderr.live("");
    stderr.say("three");
    expect(text.replaceAll("\r\u001b[2K", "<erase>")).toBe("one\n<erase>working<erase>two\nworking<erase>three\n");
  });
});
