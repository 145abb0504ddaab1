import { join } from "node:path";

/** The executable given this is the gateway. */
export const gatewayArgument = "__gateway";

/** What starts the gateway: the executable itself, or the gateway's script. */
export function gatewayCommand(): readonly string[] {
  if (Bun.isStandaloneExecutable) return [process.execPath, gatewayArgument];
  return [process.execPath, join(import.meta.dir, "../../gateway/main.ts")];
}

/** Whether a command line, as the system shows it, is that of a gateway, however that one was started. */
export function isGateway(commandLine: string): boolean {
  return commandLine.includes("gateway/main.ts") || commandLine.includes(gatewayArgument);
}
