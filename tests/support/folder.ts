import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder with these files in it; disposed of, it is gone: `using folder = temporaryFolder({...})`. */
export function temporaryFolder(files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "mmsp-test-")));

  /** Writes a file into the folder and returns its absolute path. */
  function put(name: string, content: string | Uint8Array): string {
    const place = join(path, name);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
    return place;
  }

  for (const [name, content] of Object.entries(files)) put(name, content);
  return { path, put, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const shared: Disposable[] = [];

/** A temporary folder that several test files use: it stands until the last of them has ended. */
export function sharedFolder(files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const folder = temporaryFolder(files);
  shared.push(folder);
  return folder;
}

/** After the last test: `bun test` ends without the process's own "exit" event. */
export function removeSharedFolders(): void {
  for (const folder of shared.splice(0)) folder[Symbol.dispose]();
}
