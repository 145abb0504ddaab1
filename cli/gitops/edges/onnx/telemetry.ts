import { dlopen } from "bun:ffi";

/** The C library of the platforms whose ONNX Runtime looks at the variable; Windows' uses the system's tracing instead. */
const libraries: Partial<Record<NodeJS.Platform, string>> = { linux: "libc.so.6", darwin: "libSystem.dylib" };

let isOff = false;

/**
 * Keeps ONNX Runtime from sending usage data to its maker and from writing an identifier of the device to the home folder,
 * both of which its official builds do. To be called before the first session is made: the decision holds for the process.
 * Who has set ORT_DISABLE_TELEMETRY to something else has decided otherwise.
 */
export function turnOffTelemetry(): void {
  const library = libraries[process.platform];
  if (isOff || library === undefined) return;
  isOff = true;
  // Bun keeps `process.env` to itself; native code sees only what is set natively.
  const { symbols, close } = dlopen(library, { setenv: { args: ["cstring", "cstring", "int"], returns: "int" } });
  const keepWhatIsThere = 0;
  symbols.setenv(Buffer.from("ORT_DISABLE_TELEMETRY\0"), Buffer.from("1\0"), keepWhatIsThere);
  close();
}
