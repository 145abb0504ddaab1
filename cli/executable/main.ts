/** Where the single-file executable starts: it is the command line, and the gateway that the command line starts. */
import { gatewayArgument } from "./self.ts";

if (process.argv[2] === gatewayArgument) await import("../../gateway/main.ts");
else await import("../main.ts");
