/** The test GitHub server as acme/models, and a clone of what it holds for the real command to run in. */
import type { Forge, ForgeOptions } from "../../cli/demo/forge/server.ts";
import { startCheckedForge } from "../support/checked-forge.ts";
import { runGit, temporaryDirectory } from "../support/git.ts";
import { makeProject, type Project } from "./run-cli.ts";

export interface ForgeProject extends AsyncDisposable {
  readonly forge: Forge;
  /** As `makeProject({ serving: true })` leaves it; the server's main is its main. */
  readonly project: Project;
  /** Of the server; gone with it. */
  readonly directory: string;
}

export async function startForgeProject(
  options: Omit<ForgeOptions, "directory" | "owner" | "repo"> = {},
): Promise<ForgeProject> {
  const folder = await temporaryDirectory();
  const forge = await startCheckedForge({ ...options, directory: folder.path, owner: "acme", repo: "models" });
  const project = await makeProject({ serving: true });
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
  return {
    forge,
    project,
    directory: folder.path,
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      await forge.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
