import * as fc from "fast-check";
import type { Command } from "../../cli/gitops/core/change.ts";
import { phases, type ModelDeployment } from "../../schemas/model-deployment.ts";
import {
  aCut,
  aDeployment,
  anEnvironment,
  aRejection,
  aTree,
  aVersion,
  deploy,
  digest,
  promote,
  register,
  rollback,
} from "./builders.ts";

export const environments = ["staging", "prod"];
const anyEnvironment = fc.constantFrom(...environments);
const anyVersion = fc.integer({ min: 1, max: 6 });
const maybeVersion = fc.option(anyVersion, { freq: 2 });

/** A document in which every rule holds. */
export const anyDeployment: fc.Arbitrary<ModelDeployment> = fc
  .record({
    order: fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 5, maxLength: 5 }),
    previous: fc.integer({ min: 0, max: 3 }),
    rejected: fc.integer({ min: 0, max: 2 }),
    canary: fc.option(fc.integer({ min: 0, max: 100 })),
    shadow: fc.boolean(),
    attempts: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  })
  .map(({ order, previous, rejected, canary, shadow, attempts }) => {
    const [stable = 1, second = 2, ...rest] = order;
    const deployment = aDeployment({
      stable,
      ...(canary === null ? {} : { canary: second, weight: canary }),
      spec: {
        previous: [...(canary === null ? [second] : []), ...rest].slice(0, Math.min(previous, 3 - rejected)),
        rejected: rest.slice(3 - rejected).map((version) => aRejection(version, { attempt: attempts[0] })),
        ...(shadow ? { shadow: { version: second, percent: 5 } } : {}),
      },
    });
    deployment.spec.stable.attempt = attempts[1];
    // A canary is deployed after what is stable came, so its number is the higher one.
    if (deployment.spec.canary) deployment.spec.canary.attempt = Math.max(...attempts) + 1;
    return deployment;
  });

const anyTree = fc
  .record({ staging: fc.option(anyDeployment), prod: fc.option(anyDeployment), own: fc.boolean() })
  .map(({ staging, prod, own }) =>
    aTree({
      environments: [anEnvironment("staging"), anEnvironment("prod", own ? { artifactStore: "s3://models" } : {})],
      versions: [1, 2, 3, 4, 5].map((version) => aVersion("fraud", version)),
      deployments: { ...(staging ? { staging: [staging] } : {}), ...(prod ? { prod: [prod] } : {}) },
    }),
  );

/** A command that fits some tree; cuts are made from the tree when the command runs. */
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ version: maybeVersion, seed: fc.nat({ max: 9 }) })
    .map(({ version, seed }) =>
      register({ version, artifact: { file: "m.onnx", sha256: digest(seed), sizeBytes: 1 } }),
    ),
  {
    weight: 3,
    arbitrary: fc
      .record({
        environment: anyEnvironment,
        version: anyVersion,
        weight: fc.constantFrom(null, "next" as const, 0, 10, 50, 100, 101),
        force: fc.boolean(),
        steps: fc.constantFrom(null, null, [5, 25, 50, 100], [50, 5]),
        replace: fc.boolean(),
      })
      .map(deploy),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        environment: anyEnvironment,
        version: maybeVersion,
        to: fc.option(anyEnvironment, { freq: 2 }),
        replace: fc.boolean(),
      })
      .map(promote),
  },
  { weight: 2, arbitrary: fc.record({ environment: anyEnvironment, to: maybeVersion }).map(rollback) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        environment: anyEnvironment,
        version: anyVersion,
        attempt: fc.option(fc.integer({ min: 1, max: 12 })),
        phase: fc.constantFrom(...phases),
      })
      .map((cut) => rollback({ environment: cut.environment, by: "guard", cut: aCut(cut) })),
  },
);

export type Step =
  | { readonly do: "commit"; readonly command: Command }
  | { readonly do: "propose"; readonly command: Command }
  | { readonly do: "merge"; readonly which: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: anyCommand.map((command): Step => ({ do: "commit", command })) },
  { weight: 2, arbitrary: anyCommand.map((command): Step => ({ do: "propose", command })) },
  { weight: 2, arbitrary: fc.nat({ max: 5 }).map((which): Step => ({ do: "merge", which })) },
);

export const anyHistory = fc.record({
  start: anyTree,
  steps: fc.array(anyStep, { minLength: 1, maxLength: 25, size: "max" }),
});
