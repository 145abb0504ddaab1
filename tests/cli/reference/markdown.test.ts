import { describe, expect, test } from "bun:test";
import { commands } from "../../../cli/commands.ts";
import { readmeWithReference } from "../../../cli/reference/generate.ts";
import { renderCommands, withSection } from "../../../cli/reference/markdown.ts";

const readme = await Bun.file(new URL("../../../README.md", import.meta.url)).text();

describe("the reference in the README", () => {
  test("is what the commands say of themselves; `bun run generate` mends it", async () => {
    expect((await readmeWithReference(readme)) === readme).toBe(true);
  });

  test("has every command, with the schema of its output beside it", async () => {
    for (const name of Object.keys(commands)) {
      expect(readme).toContain(`<details id="mmsp-${name}">`);
      const schema = `schemas/json/output/${name}.json`;
      expect(readme).toContain(`](${schema})`);
      expect(await Bun.file(new URL(`../../../${schema}`, import.meta.url)).exists()).toBe(true);
    }
  });

  test("shows what would be markup as it is typed", () => {
    const text = renderCommands({
      show: {
        summary: "Say <this> & that",
        usage: "one|two",
        details: "first:  1\nsecond: 2",
        flags: { format: { type: "string", value: "text|github", help: "a | b <c>" } },
        maxArgs: 1,
        examples: ["mmsp show one", "mmsp show two"],
      },
    });
    expect(text).toContain("<summary><code>mmsp show</code>: Say &lt;this&gt; &amp; that</summary>");
    expect(text).toContain("```\nmmsp show one|two\n```\n\n```\nfirst:  1\nsecond: 2\n```");
    expect(text).toContain("| `--format text\\|github` | a \\| b &lt;c&gt; |");
    expect(text).toContain("```sh\nmmsp show one\nmmsp show two\n```");
  });
});

test("a section is put between its marks, and nothing else is touched; without marks there is an error", () => {
  const text = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n";
  expect(withSection(text, "x", "new")).toBe("before\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nafter\n");
  expect(() => withSection(text, "y", "new")).toThrow("<!-- y -->");
  expect(() => withSection("<!-- end of x -->\n<!-- x -->\n", "x", "new")).toThrow("<!-- end of x -->");
});
