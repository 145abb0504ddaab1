import type { Command } from "../command.ts";
import { reading, shared, UsageError } from "../flags.ts";
import { lookAt } from "./status-view.ts";
import { looksAtGitHub } from "./target.ts";

export const status: Command = {
  summary: "Show what every environment serves, as git says",
  usage: "[NAME] [--env ENV] [--watch] [--live] [--repo OWNER/NAME [--base BRANCH]]",
  details:
    "--watch goes on until Ctrl-C: on a terminal it redraws in place, elsewhere each change is a new block, or with\n" +
    "--json a line. Files tell of themselves; a branch on GitHub is asked every 5 s, and less often, up to every minute,\n" +
    'while it cannot be reached. An answer of "not modified" costs nothing of the token\'s rate limit.\n' +
    "--live asks the gateways that the environments name (addresses.gateway) what they serve and what they have cut; of\n" +
    "an environment that names none, the one that `mmsp up`, with or without --repo, has started.\n" +
    "Whether the documents fit together is not checked: that is for `mmsp validate`.",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "only this environment" },
    watch: { type: "boolean", short: "w", help: "go on, and show every change" },
    every: { type: "string", value: "TIME", help: "with --watch and --repo: how often GitHub is asked; default 5s" },
    live: { type: "boolean", help: "ask the gateways, too" },
    ...reading,
  },
  maxArgs: 1,
  examples: [
    "mmsp status",
    "mmsp status fraud --env prod --live",
    "mmsp status --watch",
    "mmsp status --repo acme/models --json",
  ],

  async run(input, context) {
    const every = input.text("every");
    if (every !== undefined && !(input.on("watch") && input.text("repo") !== undefined)) {
      throw new UsageError("--every goes with --watch and --repo: files tell of their changes by themselves");
    }
    if (!input.on("watch")) {
      const { text, json } = await lookAt(input, context);
      if (context.isTerminal && !looksAtGitHub(input)) {
        const { noteBehind } = await import("./behind-note.ts");
        await noteBehind(context);
      }
      return { kind: "report", text, json, ok: true };
    }
    const { durationFlag } = await import("../times.ts");
    const pollMs = durationFlag("every", every ?? "5s");
    if (pollMs === 0) throw new UsageError("--every takes at least a second");
    const { watchStatus } = await import("./status-watch.ts");
    return watchStatus(input, context, pollMs);
  },
};
