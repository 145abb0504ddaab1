import type { Command } from "./change.ts";
import { suffixed } from "./placement.ts";
import type { ProposalScope, Scope } from "./ports.ts";
import { digest8Of } from "../../../schemas/artifact.ts";
import { registrationBranch } from "./proposals.ts";

/** The documents that a command has to see. */
export function scopeOf(command: Command): Scope {
  const { model } = command;
  if (command.verb === "register") return { models: [model], environments: [] };
  const to = command.verb === "promote" && command.to !== null ? [command.to] : [];
  return { models: [model], environments: [...new Set([command.environment, ...to])] };
}

/** The same, and the open pull requests that a commit may have to tell. */
export function commitScopeOf(command: Command): Scope {
  return { ...scopeOf(command), proposals: { branches: [], searches: [], all: false } };
}

/** The same, and where its proposal may be or go. */
export function proposingScopeOf(command: Command): Scope {
  return { ...scopeOf(command), proposals: proposalScopeOf(command) };
}

/**
 * The branches on which a command's proposal may be or go, and the open pull requests that planning has to know of. Names are
 * asked for as they are; only where the command leaves its version open, a search stands for them.
 */
function proposalScopeOf(command: Command): ProposalScope {
  const { model } = command;
  const registry = `mmsp/registry/${model}/`;
  switch (command.verb) {
    case "register": {
      // Numbers that open pull requests have taken are taken, however old they are.
      const { version, artifact } = command;
      const searches = [{ folder: registry, text: `-${digest8Of(artifact)}` }];
      if (version === null) return { branches: [], searches, all: true };
      return { branches: suffixed(registrationBranch(model, version, artifact)), searches: [], all: true };
    }
    case "deploy": {
      const { environment, version } = command;
      const registrations = [{ folder: registry, text: `${version}-` }];
      return { branches: branchesOf(environment, model, "deploy", version), searches: registrations, all: false };
    }
    case "promote": {
      const { environment, to, version } = command;
      return rolloutScope(to ?? environment, model, "promote", version);
    }
    case "rollback": {
      const { environment, cut, version = null } = command;
      return rolloutScope(environment, model, "rollback", cut?.version ?? version);
    }
  }
}

function rolloutScope(environment: string, model: string, verb: string, version: number | null): ProposalScope {
  if (version !== null) {
    return { branches: branchesOf(environment, model, verb, version), searches: [], all: false };
  }
  return { branches: [], searches: [{ folder: `mmsp/${environment}/${model}/`, text: `${verb}-` }], all: false };
}

function branchesOf(environment: string, model: string, verb: string, version: number): readonly string[] {
  return suffixed(`mmsp/${environment}/${model}/${verb}-${version}`);
}
