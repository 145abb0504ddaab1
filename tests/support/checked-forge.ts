/** The test GitHub server as all tests start it: every REST reply is held against GitHub's own description. */
import { startForge, type Forge, type ForgeOptions } from "../../cli/demo/forge/server.ts";
import { checkedReplies } from "./openapi/check-reply.ts";

/** As `startForge`; a reply that GitHub would not give is a 500, and `stop` throws what was wrong with it. */
export async function startCheckedForge(options: ForgeOptions): Promise<Forge> {
  const replies = checkedReplies();
  const forge = await startForge({ ...options, check: replies.check });
  return {
    ...forge,
    async stop() {
      await forge.stop();
      replies.settle();
    },
  };
}
