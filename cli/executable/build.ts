/**
 * `bun run build [FILE]`: one file that holds Bun, mmsp and what it needs, for the system that it is built on; by default
 * dist/mmsp. Left out: what only the demo plays on.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BunPlugin } from "bun";

const root = join(import.meta.dir, "../..");
const onnxruntime = join(dirname(fileURLToPath(import.meta.resolve("onnxruntime-node"))), "..");
/** ONNX Runtime's binding and the library that it loads from beside it. */
const native = join(onnxruntime, "bin/napi-v6", process.platform, process.arch);

/** Path in the package -> file on this disk. */
function filesToHold(): readonly (readonly [string, string])[] {
  const below = (folder: string, as: string): readonly (readonly [string, string])[] =>
    [...new Bun.Glob("**/*").scanSync({ cwd: folder, dot: true })]
      .toSorted()
      .map((name) => [`${as}/${name}`, join(folder, name)] as const);
  return [...below(join(root, "templates"), "templates"), ...below(native, "onnxruntime")];
}

/** In place of executable/files.ts: the files are part of the executable, and the map says where. */
const holdFiles: BunPlugin = {
  name: "files of the package",
  setup(build) {
    build.onLoad({ filter: /[\\/]executable[\\/]files\.ts$/ }, () => {
      const held = filesToHold();
      const imports = held.map(([, file], at) => `import f${at} from ${JSON.stringify(file)} with { type: "file" };`);
      const entries = held.map(([name], at) => `${JSON.stringify(name)}: f${at},`);
      return { loader: "ts", contents: [...imports, "export const files = {", ...entries, "};"].join("\n") };
    });
  },
};

/** The system loads a native library from a file only, and the binding looks for its library beside itself. */
const unpackNative: BunPlugin = {
  name: "native library of ONNX Runtime",
  setup(build) {
    build.onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => {
      const packaged = JSON.stringify(join(root, "cli/executable/packaged.ts"));
      const unpacked = `require(require(${packaged}).packagedFile("onnxruntime/onnxruntime_binding.node"))`;
      const source = readFileSync(path, "utf8");
      const contents = source.replace(/require\(`[^`]*onnxruntime_binding\.node`\)/, () => unpacked);
      if (contents === source) throw new Error(`${path} does not load its binding as it used to`);
      return { loader: "js", contents };
    });
  },
};

if (import.meta.main) {
  const outfile = resolve(process.argv[2] ?? join(root, "dist/mmsp"));
  await Bun.build({
    entrypoints: [join(root, "cli/executable/main.ts"), join(root, "cli/executable/worker.ts")],
    target: "bun",
    // Cut where the source loads late, and compiled beforehand: it starts in a tenth of the time.
    format: "esm",
    splitting: true,
    bytecode: true,
    minify: { whitespace: true, syntax: true },
    compile: { outfile },
    plugins: [holdFiles, unpackNative],
  });
  process.stdout.write(`${relative(process.cwd(), outfile)}: ${(Bun.file(outfile).size / 1024 ** 2).toFixed(0)} MiB\n`);
}
