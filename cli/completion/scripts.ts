import bash from "./mmsp.bash" with { type: "text" };
import fish from "./mmsp.fish" with { type: "text" };
import zsh from "./mmsp.zsh" with { type: "text" };

/**
 * The scripts that `mmsp completion` prints. Each asks `mmsp __complete` what may come next, so that they need no change when a
 * command does; see answer.ts for what it answers.
 */
export const scripts = { bash, zsh, fish } as const;

export type Shell = keyof typeof scripts;

export const shells = Object.keys(scripts) as readonly Shell[];
