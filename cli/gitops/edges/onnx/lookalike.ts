/** Beginnings of files that people hand in instead of a model, as Latin-1, and where they stand. The first that fits counts. */
const signatures: readonly (readonly [offset: number, start: string, what: string])[] = [
  [0, "PK\x03\x04", "a zip archive, such as a PyTorch checkpoint, a Keras model or a packed folder"],
  [0, "\x80\x02", "a Python pickle, such as a scikit-learn or joblib file"],
  [0, "\x80\x03", "a Python pickle, such as a scikit-learn or joblib file"],
  [0, "\x80\x04", "a Python pickle, such as a scikit-learn or joblib file"],
  [0, "\x80\x05", "a Python pickle, such as a scikit-learn or joblib file"],
  [0, "\x89HDF", "an HDF5 file, such as a Keras model"],
  [0, "\x1F\x8B", "a gzip archive"],
  [0, "BZh", "a bzip2 archive"],
  [0, "\xFD7zXZ", "an xz archive"],
  [0, "\x28\xB5\x2F\xFD", "a Zstandard archive"],
  [0, "\x93NUMPY", "a NumPy array"],
  [0, "PAR1", "a Parquet file"],
  [4, "TFL3", "a TensorFlow Lite model"],
  [4, "ORTM", "a model in ONNX Runtime's own ORT format"],
  [0, "GGUF", "a GGUF language model"],
  [8, '{"', "a safetensors file"],
  [0, "\x7FELF", "a program"],
];

/** What a file that is no ONNX model seems to be, with its article; null where nothing can be said. */
export function lookalike(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const known = signatures.find(([offset, signature]) => start.startsWith(signature, offset));
  if (known) return known[2];
  if (!/^(\s|\P{Cc})+$/u.test(start)) return null;
  if (/^\s*(<!doctype|<html|<\?xml|<head|<body)/i.test(start)) return "a web page, as a download behind a login gives";
  return /^\s*[{[]/.test(start) ? "JSON text" : "text";
}
