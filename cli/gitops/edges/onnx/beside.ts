import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { codeOf, systemReason } from "../system-error.ts";
import type { Header } from "./header.ts";

/** A file beside a model, that holds weights of it. */
export interface BesideFile {
  /** Path from the model's folder, as the model knows it. */
  readonly name: string;
  readonly path: string;
}

/** More than any exporter writes that has been told to write few. */
const maxFiles = 256;

const oneFile = "onnx.save_model(model, path, save_as_external_data=True, all_tensors_to_one_file=True)";

/**
 * The files that a model keeps weights in. They are beside it, or in folders there, and long enough for what is to be in them;
 * anything else (an absolute path, one that leads elsewhere, a symbolic link, a missing or a truncated file) is a Problem. All
 * of them are told at once.
 */
export function findBeside(model: string, header: Header): readonly BesideFile[] {
  const needed = needsOf(header);
  if (needed.size > maxFiles) {
    const message = `keeps its weights in ${needed.size} files, more than ${maxFiles}`;
    fail({ code: "model-external-many", file: model, message, hint: `save it with one: ${oneFile}` });
  }
  const problems: Problem[] = [];
  const found = new Map<string, BesideFile>();
  for (const [location, need] of needed) {
    const name = plainName(location);
    const path = name === null ? null : join(dirname(model), name);
    const problem =
      name === null || path === null ? outside(model, location, need.tensor) : unfit(dirname(model), name, need.bytes);
    if (problem !== null) problems.push(problem);
    else if (name !== null && path !== null) found.set(name, { name, path });
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return [...found.values()];
}

/** The files that a model keeps weights in and that are beside it, and the bytes that each needs. */
export function besideNames(header: Header): ReadonlyMap<string, number> {
  const needs = [...needsOf(header)].map(([location, { bytes }]) => [plainName(location), bytes] as const);
  return new Map(needs.flatMap(([name, bytes]) => (name === null ? [] : [[name, bytes]])));
}

interface Need {
  /** For messages: one of those in it. */
  readonly tensor: string;
  readonly bytes: number;
}

function needsOf({ external }: Header): ReadonlyMap<string, Need> {
  const needed = new Map<string, Need>();
  for (const { location, offset, length, tensor } of external) {
    const before = needed.get(location);
    if (before === undefined || offset + length > before.bytes)
      needed.set(location, { tensor, bytes: offset + length });
  }
  return needed;
}

/** Without the `./` that some exporters write; null where it leads elsewhere, or might on some system. */
function plainName(location: string): string | null {
  const parts = location.split("/").filter((part, _at, all) => part !== "." || all.length === 1);
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\\p{Cc}]/u.test(part));
  return isPlain && location.length <= 512 && !/^[a-z]:/i.test(location) ? parts.join("/") : null;
}

function outside(file: string, location: string, tensor: string): Problem {
  const message = `keeps the weights "${tensor}" at ${JSON.stringify(location)}, which is not a path beside it`;
  return { code: "model-external-path", file, message, hint: `save it with its weights beside it: ${oneFile}` };
}

/** What is wrong with a file that has to have so many bytes; null where nothing is. Nothing on the way to it is a link. */
function unfit(folder: string, name: string, bytes: number): Problem | null {
  const parts = name.split("/");
  const file = join(folder, name);
  for (const at of parts.keys()) {
    const path = join(folder, ...parts.slice(0, at + 1));
    const isLast = at === parts.length - 1;
    try {
      const found = lstatSync(path);
      if (found.isSymbolicLink()) {
        const hint = "put the file itself beside the model: cp -L follows links";
        return { code: "model-external-link", file: path, message: "is a symbolic link", hint };
      }
      if (isLast && !found.isFile()) {
        return { code: "file-not-regular", file, message: "is not a regular file", hint: "export the model again" };
      }
      if (isLast && found.size < bytes) {
        const message = `has ${found.size} bytes, but the model has weights in it up to byte ${bytes}`;
        return { code: "model-external-truncated", file, message, hint: "copy, download or export it again" };
      }
    } catch (error) {
      if (codeOf(error) !== "ENOENT") {
        const message = `could not be read: ${systemReason(error)}`;
        return { code: "file-unreadable", file, message, hint: "check the path and its permissions" };
      }
      const message = `there is no such file; the model has weights in it, up to byte ${bytes}`;
      return { code: "model-external-missing", file, message, hint: "copy it from where the model was exported to" };
    }
  }
  return null;
}
