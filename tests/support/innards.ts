/** What no answer may hold: files of this machine, lines of a stack, names of parts. */
export const innards = /\/(tmp|home|root|srv|usr|work)\/|\.ts\b|node_modules|\n\s+at |onnxruntime|elysia/i;
