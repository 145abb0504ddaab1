import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { OutsideError } from "../../core/ports.ts";
import { codeOf, systemReason } from "../system-error.ts";

/** So many processes may work on one remote at a time; one alone always finds the first. */
const mostSlots = 64;

/** A file that nobody has written into for so long was left by a process that was ended in the middle, in milliseconds. */
const unwrittenMs = 60_000;

/** Who works touches its lock so often, in milliseconds: that is how another machine sees it live. */
const touchedMs = 30_000;

/** A lock of another machine that has not been touched for so long was left behind, in milliseconds: longer than clocks differ. */
const untouchedMs = 15 * 60_000;

/**
 * Runs `work` with a folder that no other process uses meanwhile: git locks its repository, and whoever meets a lock fails. The
 * folders stay, as a cache; what a killed process has left locked is free again. `touchMs`: how often the lock is touched.
 */
export async function withSlot<T>(
  root: string,
  work: (folder: string) => Promise<T>,
  { touchMs = touchedMs }: { readonly touchMs?: number } = {},
): Promise<T> {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(root, cause);
  }
  const owner = `${process.pid} ${hostname()} ${crypto.randomUUID()}`;
  for (let at = 0; at < mostSlots; at++) {
    const lock = join(root, `${at}.lock`);
    if (!take(lock, owner, root)) continue;
    const timer = setInterval(() => touch(lock), touchMs);
    timer.unref();
    try {
      return await work(join(root, `${at}.git`));
    } finally {
      clearInterval(timer);
      // A machine that has slept may have lost it.
      if (read(lock) === owner) rmSync(lock, { force: true });
    }
  }
  const hint = "wait for them to end, or set XDG_CACHE_HOME to another folder";
  throw new OutsideError(`${mostSlots} other processes work in ${root}`, { retryable: true, hint });
}

function take(lock: string, owner: string, root: string): boolean {
  if (create(lock, owner, root)) return true;
  const found = read(lock);
  return found !== null && !isHeld(lock, found) && takeOver(lock, found, owner, root);
}

/**
 * Makes a lock that was `found` dead the new owner's, unless another was faster. Of several that have found it so, one at a time
 * may look again and write: a second file says whose turn it is. Who is killed between the two leaves a slot that nobody takes
 * any more, which is one of many; two in one folder would be worse.
 */
export function takeOver(lock: string, found: string, owner: string, root: string): boolean {
  const taking = `${lock}.taking`;
  if (!create(taking, owner, root)) return false;
  try {
    if (read(lock) !== found || isHeld(lock, found)) return false;
    writeFileSync(lock, owner);
    return true;
  } catch (error) {
    throw unusable(root, error);
  } finally {
    rmSync(taking, { force: true });
  }
}

/** Nobody's failure: the lock may have gone with its folder. */
function touch(lock: string): void {
  try {
    utimesSync(lock, new Date(), new Date());
  } catch {
    // As said.
  }
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

/** On another machine, which may share the folder, nobody can be asked: there only the time tells. */
function isHeld(lock: string, owner: string): boolean {
  const [pid = "", host = ""] = owner.split(" ");
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (pid === "") return age < unwrittenMs;
  if (host !== hostname()) return age < untouchedMs;
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
