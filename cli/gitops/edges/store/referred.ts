import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addressBeside } from "../../../../schemas/artifact.ts";
import { fail } from "../../../../schemas/problem.ts";
import type { ReferredModel } from "../../core/ports.ts";
import { storeName } from "../input-file.ts";
import { systemReason } from "../system-error.ts";
import { besideNames } from "../onnx/beside.ts";
import { readHeader } from "../onnx/header.ts";
import { withFile } from "../onnx/wire.ts";
import { temporaryFolder } from "../temporary.ts";
import { addressOf, downloaded, type Downloading } from "./address.ts";

/** Protobuf cannot hold more, so neither can an ONNX file. */
const maxModelBytes = 2 * 1024 ** 3;

/** What a file of weights may have behind the last byte that the model needs. */
const slack = 16 * 1024 ** 2;

/**
 * Downloads the model at an https address, and those beside it that it keeps weights in, into a temporary folder, to be looked
 * at. Not more is written to disk than a model needs. Throws a ProblemError for an address that may not stand in git, an
 * OutsideError where it cannot be downloaded.
 */
export async function fetchReferred(text: string, using?: Downloading): Promise<ReferredModel> {
  const uri = addressOf(text);
  const folder = temporaryFolder("mmsp-download-");
  try {
    const path = join(folder.path, storeName(new URL(uri).pathname));
    const size = await save(uri, path, maxModelBytes, using);
    const read = withFile(path, size, readHeader);
    // What is no model is told by who looks at it next.
    const beside = read.kind === "header" ? besideNames(read.header) : new Map<string, number>();
    for (const [name, bytes] of beside) {
      await save(addressBeside(uri, name), join(folder.path, name), 2 * bytes + slack, using);
    }
    const place = (file: string): string =>
      file === path ? uri : file.replace(`${folder.path}/`, new URL(".", uri).href);
    return { uri, path, place, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

async function save(address: string, path: string, maxBytes: number, using?: Downloading): Promise<number> {
  mkdirSync(dirname(path), { recursive: true });
  const file = await open(path, "wx");
  let size = 0;
  try {
    for await (const piece of downloaded(address, using)) {
      size += piece.length;
      if (size > maxBytes) {
        const message = `has more than the ${maxBytes} bytes that this file of a model can have`;
        fail({ code: "file-too-large", file: address, message, hint: "check that the address is the model's" });
      }
      await file.writeFile(piece).catch((cause: unknown) => {
        const message = `could not be kept in ${dirname(path)}: ${systemReason(cause)}`;
        const hint = "make room, or set TMPDIR to a folder that has some";
        return fail({ code: "download-unwritable", file: address, message, hint }, { cause });
      });
    }
  } finally {
    await file.close();
  }
  return size;
}
