import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { OutsideError } from "../../core/ports.ts";
import { codeOf, systemReason } from "../system-error.ts";

/** So many processes may work on one remote at a time; one alone always finds the first. */
const mostSlots = 64;

/** A file that nobody has written into for so long was left by a process that was ended in the middle, in milliseconds. */
const unwrittenMs = 60_000;

/**
 * Runs `work` with a folder that no other process uses meanwhile: git locks its repository, and whoever meets a lock fails. The
 * folders stay, as a cache; what a killed process has left locked is free again.
 */
export async function withSlot<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(root, cause);
  }
  for (let at = 0; at < mostSlots; at++) {
    const lock = join(root, `${at}.lock`);
    if (!take(lock, root)) continue;
    try {
      return await work(join(root, `${at}.git`));
    } finally {
      rmSync(lock, { force: true });
    }
  }
  const hint = "wait for them to end, or set XDG_CACHE_HOME to another folder";
  throw new OutsideError(`${mostSlots} other processes work in ${root}`, { retryable: true, hint });
}

function take(lock: string, root: string): boolean {
  const owner = `${process.pid} ${hostname()}`;
  if (create(lock, owner, root)) return true;
  const found = read(lock);
  if (found === null || isHeld(lock, found)) return false;
  // Of several that see it, one moves it away; one that moved a fresh lock gives it back.
  const aside = `${lock}.${crypto.randomUUID()}`;
  try {
    renameSync(lock, aside);
  } catch {
    return false;
  }
  const moved = read(aside) ?? found;
  rmSync(aside, { force: true });
  if (moved === found) return create(lock, owner, root);
  create(lock, moved, root);
  return false;
}

function create(lock: string, owner: string, root: string): boolean {
  try {
    writeFileSync(lock, owner, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw unusable(root, error);
  }
}

function read(lock: string): string | null {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return null;
  }
}

/** On another machine, which may share the folder, nobody can be asked. */
function isHeld(lock: string, owner: string): boolean {
  const [pid = "", host = ""] = owner.split(" ");
  if (pid === "") return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < unwrittenMs;
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function unusable(root: string, cause: unknown): OutsideError {
  const hint = "set XDG_CACHE_HOME to a folder that can be written to";
  return new OutsideError(`${root} cannot be used as a cache: ${systemReason(cause)}`, {
    retryable: false,
    hint,
    cause,
  });
}
