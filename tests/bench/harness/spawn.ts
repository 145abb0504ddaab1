/** Wall time of a program from its start to its end. Throws where it fails. */
export function milliseconds(command: readonly string[], cwd: string): number {
  const startedAt = performance.now();
  const { exitCode, stderr } = Bun.spawnSync([...command], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  const took = performance.now() - startedAt;
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${stderr.toString()}`);
  return took;
}
