/** People and bots. */
import { nodeId } from "../node-id.ts";
import type { Account } from "../users.ts";
import type { Scope } from "../world.ts";
import type { Fields, Resolvers } from "./resolver.ts";

export function accountSource(account: Account) {
  return { ...account, __typename: account.type };
}

const fields: Fields = {
  id: (account: Account) => nodeId("User", account.login),
  databaseId: (account: Account) => account.id,
  // REST writes a bot's login with its suffix, GraphQL without.
  login: (account: Account) => account.login.replace(/\[bot\]$/, ""),
  url: (account: Account, _args: unknown, { world }: Scope) => `${world.origin}/${encodeURIComponent(account.login)}`,
};

export const accountResolvers: Resolvers = { User: fields, Bot: fields };
