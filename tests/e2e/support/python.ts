/** A Python environment with pinned packages, outside the repository, kept for the next run. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Missing } from "./scenarios.ts";

const installMs = 15 * 60_000;

/**
 * The folder with `bin/python`, made where it is not there yet. Throws `Missing` where there is no Python with venv, or where
 * its packages cannot be installed.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const python = Bun.which("python3");
  if (python === null) throw new Missing("there is no python3");
  const version = await output([python, "--version"], 10_000);
  const digest = new Bun.CryptoHasher("sha256")
    .update(`${version}\n${readFileSync(requirements, "utf8")}`)
    .digest("hex");
  const folder = join(cacheFolder(), `python-${digest.slice(0, 16)}`);
  const complete = join(folder, "complete");
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`installing what ${requirements.split("/").at(-1) ?? ""} pins\n`);
  await output([python, "-m", "venv", folder], installMs);
  const pip = [join(folder, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await output([...pip, "--only-binary", ":all:", "--requirement", requirements], installMs);
  writeFileSync(complete, "");
  return folder;
}

/** Where things may stay that can be made again. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME } = process.env;
  const folder = join(XDG_CACHE_HOME || join(homedir(), ".cache"), "mmsp", "e2e");
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return join(tmpdir(), "mmsp-e2e");
  }
}

/** What a command prints. Throws `Missing` where it fails: it makes what a test needs. */
export async function output(command: readonly string[], timeout: number): Promise<string> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"], timeout });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code === 0) return stdout.trim();
  throw new Missing(`${command.slice(0, 4).join(" ")} failed: ${stderr.trim().split("\n").slice(-5).join("\n")}`);
}
