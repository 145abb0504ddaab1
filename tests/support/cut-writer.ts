/**
 * A process that opens the store in argv[2] and puts, changes and ends cuts of its own; the parent starts several at
 * once.
 */
import { openCutStore } from "../../gateway/edges/cut-store.ts";
import { cutOf } from "./cuts.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const store = openCutStore(path, "prod");
for (let version = 1; version <= Number(count); version += 1) {
  const cut = cutOf({ model: name, version });
  store.put(cut);
  store.setState(cut, { kind: "open" }, `try of ${name}`);
  store.firstServed("shared", version, "canary", 1, `2026-11-21T08:00:00.${name.padStart(3, "0")}Z`);
  if (version % 2 === 0) store.end(cut, cut.at);
}
store.close();
