import type { CompletionOutput } from "../../schemas/output/completion.ts";
import type { Command } from "../command.ts";
import { scripts, shells } from "../completion/scripts.ts";
import { choice, UsageError } from "../flags.ts";

export const completion: Command = {
  summary: "Print a script that lets Tab complete commands, flags, models, versions and environments",
  usage: "bash|zsh|fish",
  details:
    'bash: put  eval "$(mmsp completion bash)"  into ~/.bashrc\n' +
    'zsh:  put  eval "$(mmsp completion zsh)"  into ~/.zshrc, after compinit\n' +
    "fish: mmsp completion fish > ~/.config/fish/completions/mmsp.fish\n" +
    "The script asks mmsp itself: there is to be a program or a function of that name, or in bash an alias.",
  flags: {},
  maxArgs: 1,
  examples: ["mmsp completion bash", "mmsp completion fish > ~/.config/fish/completions/mmsp.fish"],

  async run(input) {
    const [name] = input.args;
    if (name === undefined) throw new UsageError(`for which shell? ${shells.join(", ")}`);
    const shell = choice("completion", name, shells);
    const json: CompletionOutput = { shell, script: scripts[shell] };
    return { kind: "report", text: json.script, json, ok: true };
  },
};
