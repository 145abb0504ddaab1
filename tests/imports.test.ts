import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "./support/folder.ts";

const project = join(import.meta.dir, "..");

/** What each folder must not import: [from, to]. */
const forbidden = [
  ["schemas/x.ts", "../cli/flags.ts"],
  ["schemas/x.ts", "../gateway/core/choose.ts"],
  ["schemas/x.ts", "node:fs"],
  ["schemas/x.ts", "fs"],
  ["cli/x.ts", "../gateway/gateway.ts"],
  ["cli/commands/x.ts", "../gitops/edges/safe-path.ts"],
  ["cli/commands/x.ts", "../wire.ts"],
  ["cli/commands/x.ts", "@octokit/rest"],
  ["cli/gitops/x.ts", "../wire.ts"],
  ["cli/gitops/x.ts", "../commands/write.ts"],
  ["cli/gitops/core/x.ts", "fs"],
  ["cli/gitops/core/x.ts", "zod"],
  ["cli/gitops/core/x.ts", "../draft.ts"],
  ["cli/gitops/core/x.ts", "../edges/safe-path.ts"],
  ["cli/gitops/core/x.ts", "../render/yaml-edit.ts"],
  ["cli/gitops/core/x.ts", "../../context.ts"],
  ["cli/gitops/core/x.ts", "../../../gateway/core/choose.ts"],
  ["cli/gitops/render/x.ts", "node:fs"],
  ["cli/gitops/render/x.ts", "../edges/safe-path.ts"],
  ["cli/gitops/render/x.ts", "../draft.ts"],
  ["cli/gitops/render/x.ts", "../../style.ts"],
  ["cli/gitops/edges/x.ts", "../publish.ts"],
  ["cli/gitops/edges/x.ts", "../render/yaml-edit.ts"],
  ["cli/gitops/edges/x.ts", "../../commands/write.ts"],
  ["cli/gitops/edges/x.ts", "../../../gateway/core/route.ts"],
  ["gateway/x.ts", "../cli/gitops/core/decide.ts"],
  ["gateway/main.ts", "../cli/commands/write.ts"],
  ["gateway/core/x.ts", "prom-client"],
  ["gateway/core/x.ts", "../gateway.ts"],
  ["gateway/core/x.ts", "../fleet/fleet.ts"],
  ["gateway/core/x.ts", "../edges/metrics.ts"],
  ["gateway/core/x.ts", "../../cli/gitops/core/decide.ts"],
  ["gateway/core/guard/x.ts", "../../gateway.ts"],
  ["gateway/core/guard/x.ts", "../../edges/metrics.ts"],
  ["gateway/core/http/x.ts", "node:net"],
  ["gateway/edges/x.ts", "../react/reactor.ts"],
  ["gateway/edges/x.ts", "../routes/alerts.ts"],
  ["gateway/edges/x.ts", "../predict.ts"],
  ["gateway/edges/x.ts", "../../cli/gitops/core/decide.ts"],
  ["gateway/edges/x.ts", "../react/ports.ts"],
  ["gateway/x.ts", "./edges/metrics.ts"],
  ["gateway/fleet/x.ts", "../edges/source/artifact.ts"],
  ["gateway/fleet/x.ts", "../react/ports.ts"],
  ["gateway/fleet/x.ts", "../parts.ts"],
  ["gateway/routes/x.ts", "../edges/cut-store.ts"],
  ["gateway/react/x.ts", "../edges/cut-store.ts"],
] as const;

test("the linter refuses every import that goes upwards or across", async () => {
  const files = forbidden.map(([from, to], at) => {
    // main.ts has a rule of its own, so it keeps its name; the others get one each.
    const path = from.replace(/x\.ts$/, `x${at}.ts`);
    return { path, to, text: `import { thing } from "${to}";\nexport const kept = thing;\n` };
  });
  using folder = temporaryFolder({
    ".oxlintrc.json": await Bun.file(join(project, ".oxlintrc.json")).text(),
    ...Object.fromEntries(files.map(({ path, text }) => [path, text])),
  });
  const command = [process.execPath, "x", "--bun", "--no-install", "oxlint", "--format", "unix", folder.path];
  const child = Bun.spawn([...command, "-c", join(folder.path, ".oxlintrc.json")], { cwd: project, stderr: "ignore" });
  const refused = (await child.stdout.text()).split("\n").filter((line) => line.includes("no-restricted-imports"));
  const passed = files.filter(({ path }) => !refused.some((line) => line.includes(`${path}:`)));
  expect(passed.map(({ path, to }) => `${path} <- ${to}`)).toEqual([]);
  expect(refused).toHaveLength(forbidden.length);
});
