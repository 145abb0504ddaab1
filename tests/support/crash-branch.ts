import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { deploymentOf } from "./deployments.ts";

/** A real bare repository whose main branch holds one document, deployment.json. */
export interface CrashBranch {
  read(): ModelDeployment;
  /** One commit on main, refused where main moved since `head`. */
  commit(deployment: ModelDeployment, head: string, message: string): string;
  head(): string;
  /** Subjects of all commits, newest first. */
  log(): readonly string[];
}

/** Makes the repository with a first commit that serves version 3 as a canary. */
export function createCrashBranch(path: string): CrashBranch {
  git(path, ["init", "--bare", "--quiet", "--initial-branch=main", "."]);
  const branch = openCrashBranch(path);
  branch.commit(deploymentOf(), "", "serve version 3 as a canary");
  return branch;
}

export function openCrashBranch(path: string): CrashBranch {
  return {
    read: () => JSON.parse(git(path, ["show", "main:deployment.json"])) as ModelDeployment,
    head: () => git(path, ["rev-parse", "main"]),
    commit(deployment, head, message) {
      const blob = git(path, ["hash-object", "-w", "--stdin"], JSON.stringify(deployment));
      const tree = git(path, ["mktree"], `100644 blob ${blob}\tdeployment.json\n`);
      const parents = head === "" ? [] : ["-p", head];
      const oid = git(path, ["commit-tree", tree, ...parents, "-m", message]);
      git(path, ["update-ref", "refs/heads/main", oid, head === "" ? "0".repeat(40) : head]);
      return oid;
    },
    log: () => git(path, ["log", "--format=%s", "main"]).split("\n"),
  };
}

function git(cwd: string, args: readonly string[], stdin = ""): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_AUTHOR_NAME: "mmsp",
    GIT_AUTHOR_EMAIL: "mmsp@example.test",
    GIT_COMMITTER_NAME: "mmsp",
    GIT_COMMITTER_EMAIL: "mmsp@example.test",
  };
  const result = Bun.spawnSync(["git", ...args], { cwd, env, stdin: Buffer.from(stdin) });
  if (result.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr.toString()}`);
  return result.stdout.toString().trim();
}
