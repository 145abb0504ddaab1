import { formatProblem } from "../../schemas/problem.ts";
import { withoutSecrets } from "../../schemas/secrets.ts";
import type { WaitOutput } from "../../schemas/output/wait.ts";
import type { Command } from "../command.ts";
import { following, shared, UsageError, type Input } from "../flags.ts";
import { arrived, endJson } from "../report-end.ts";
import { checkTimeout, follow, unnamed } from "./conclude.ts";
import { remoteOf } from "./remote.ts";

export const wait: Command = {
  summary: "Wait until a pull request is merged, applied by Argo CD and served, as its environment names them",
  usage: "NUMBER|URL",
  details:
    "Ends with 0 when it is merged, Argo CD has it synced and healthy (addresses.argocd, $ARGOCD_AUTH_TOKEN), and the\n" +
    "gateway serves it (addresses.gateway): of `promote --all` every model that it changes. Ends with 1 and the reason when\n" +
    "a check failed, somebody closed it, it conflicts, cannot be applied, or the time is over. The writing commands do the\n" +
    "same with --wait.",
  flags: { "wait-timeout": following["wait-timeout"], repo: shared.repo, base: shared.base },
  maxArgs: 1,
  examples: [
    "mmsp wait 12",
    "mmsp wait https://github.com/acme/models/pull/12 --wait-timeout 1h",
    "mmsp wait 12 --json",
  ],

  async run(input, context) {
    checkTimeout(input);
    const { number, repository } = pullOf(input);
    const remote = await remoteOf(repository === null ? input : withRepository(input, repository), context);
    const forge = await context.edges.openForge(remote);
    const end = await follow({ ...unnamed, pull: number }, { forge, remote }, input, context);
    const { style } = context;
    const json: WaitOutput = { pullRequest: number, end: endJson(end) };
    const text =
      end.kind === "merged"
        ? `${style.green("✓")} ${style.bold(`pull request #${number}`)}\n${arrived(end, style)}`
        : `${style.red("error:")} ${formatProblem(end.problem)}\n`;
    return { kind: "report", text, json, ok: end.kind === "merged" };
  },
};

/** `12`, `#12`, or the address of its page, which names the repository too. */
function pullOf(input: Input): { readonly number: number; readonly repository: string | null } {
  const [text] = input.args;
  if (text === undefined) throw new UsageError("which pull request? Give its number or its address");
  const plain = /^#?(\d{1,9})$/.exec(text);
  if (plain !== null) return { number: Number(plain[1]), repository: null };
  const [, repository, number] =
    /^https?:\/\/[^/\s]+\/([^/\s]+\/[^/\s]+)\/pull\/(\d{1,9})(?:[/?#]\S*)?$/.exec(text) ?? [];
  if (repository !== undefined) return { number: Number(number), repository };
  throw new UsageError(`"${withoutSecrets(text)}" is neither the number of a pull request nor the address of one`);
}

function withRepository(input: Input, repository: string): Input {
  const named = input.text("repo");
  if (named !== undefined && named !== repository) {
    throw new UsageError(`the pull request is of ${repository}, and --repo says ${named}: give one`);
  }
  return { ...input, text: (flag) => (flag === "repo" ? repository : input.text(flag)) };
}
