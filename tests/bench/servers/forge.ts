/** The demo's GitHub server as a process: `bun forge.ts DIRECTORY OWNER REPO`. Asked anything, it tells its calls. */
import { startForge } from "../../../cli/demo/forge/server.ts";
import { serveQuestions } from "../harness/process.ts";

const [directory = ".", owner = "", repo = ""] = process.argv.slice(2);
const forge = await startForge({ directory, owner, repo });
serveQuestions(forge.apiUrl, () => forge.calls);
