/** Preloaded into a command: loading zod or ajv's compiler, which cost it 20 ms and more, is an error. */
import { plugin } from "bun";

plugin({
  name: "without zod",
  setup(build) {
    build.onLoad({ filter: /node_modules\/(zod|ajv\/dist\/(2020|ajv|core))/ }, ({ path }) => {
      throw new Error(`${path} was loaded`);
    });
  },
});
