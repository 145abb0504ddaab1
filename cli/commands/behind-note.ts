import type { Context } from "../context.ts";

/**
 * Says to a person who looks at the working tree that there is more to see. A line beside the result, on a terminal alone:
 * programs read what they have asked for, and pay nothing for it.
 */
export async function noteBehind(context: Context): Promise<void> {
  if (!context.isTerminal) return;
  const { edges, style } = context;
  const behind = await edges.behindUpstream(edges.findTree(context.cwd).root);
  if (behind === null) return;
  const commits = behind.commits === 1 ? "1 commit" : `${behind.commits} commits`;
  const place = `this tree is ${commits} behind ${behind.upstream}, as of the last fetch`;
  context.say(`${style.yellow("note:")} ${place}: git pull`);
}
