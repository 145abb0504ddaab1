import type { Command } from "./command.ts";

/** Every command, in the order in which people meet them. Loaded only when asked for, so that each starts at once. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  register: async () => (await import("./commands/register.ts")).register,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  promote: async () => (await import("./commands/promote.ts")).promote,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  wait: async () => (await import("./commands/wait.ts")).wait,
  status: async () => (await import("./commands/status.ts")).status,
  history: async () => (await import("./commands/history.ts")).history,
  diff: async () => (await import("./commands/diff.ts")).diff,
  list: async () => (await import("./commands/list.ts")).list,
  show: async () => (await import("./commands/show.ts")).show,
  gc: async () => (await import("./commands/gc.ts")).gc,
  validate: async () => (await import("./commands/validate.ts")).validate,
  mlflow: async () => (await import("./commands/mlflow.ts")).mlflow,
  up: async () => (await import("./commands/up.ts")).up,
  down: async () => (await import("./commands/down.ts")).down,
  loadgen: async () => (await import("./commands/loadgen.ts")).loadgen,
  completion: async () => (await import("./commands/completion.ts")).completion,
  demo: async () => (await import("./commands/demo.ts")).demo,
};

/** Each with what help says of it. */
export async function loadCommands(): Promise<Readonly<Record<string, Command>>> {
  const loaded = await Promise.all(Object.entries(commands).map(async ([name, load]) => [name, await load()] as const));
  return Object.fromEntries(loaded);
}
