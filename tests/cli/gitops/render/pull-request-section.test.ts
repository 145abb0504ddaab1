import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Change } from "../../../../cli/gitops/core/change.ts";
import {
  besideSection,
  sectionsOf,
  titleOfBoth,
  withSection,
} from "../../../../cli/gitops/render/pull-request-section.ts";
import { pullRequestBody } from "../../../../cli/gitops/render/pull-request.ts";
import { inPromotionOrder } from "../../../../schemas/tree.ts";
import { anEnvironment } from "../../../support/builders.ts";
import { change, changes } from "./changes.ts";

const golden = join(import.meta.dir, "../../../golden/pull-request/register-and-deploy.md");

const registered = pullRequestBody(changes.register);
const deployed = { ...changes.deploy, subject: changes.register.subject };

const headings = (body: string): readonly string[] => [...(body.match(/^##+ .*$/gm) ?? [])];

/** The body after the deployment went onto the pull request. */
function onto(body: string, deployment: Change): string {
  const beside = besideSection(body, deployment);
  return withSection(beside, deployment, pullRequestBody(deployment, beside));
}

describe("a pull request that registers a version and deploys it", () => {
  const both = onto(registered, deployed);

  test("reads as in tests/golden/pull-request (UPDATE_GOLDEN=1 writes it)", async () => {
    if (process.env["UPDATE_GOLDEN"] === "1") await Bun.write(golden, both);
    expect(both).toBe(await Bun.file(golden).text());
  });

  test("tells of the model once, and of nothing twice", () => {
    expect(headings(both).join("\n")).toBe(
      "## Deployment to prod\n### Traffic\n### How to undo\n### Signature\n" +
        "## Registration\n### Notes\n### How to undo\n### Model\n### Signature\n### Metrics",
    );
  });

  test("keeps what it compares with another version than the registration does", () => {
    const elsewhere = { ...deployed, replaces: changes.promote.subject };
    expect(headings(onto(registered, elsewhere)).filter((name) => name === "### Metrics")).toHaveLength(2);
  });

  test("has one section an environment, the newest first, and one heading for the registration", () => {
    const twice = onto(onto(both, { ...deployed, environment: "dev" }), deployed);
    expect(headings(twice).filter((name) => name.startsWith("## "))).toEqual([
      "## Deployment to prod",
      "## Deployment to dev",
      "## Registration",
    ]);
    expect(sectionsOf(twice) + registered).toBe(twice);
  });

  test("on a remote that keeps no texts tells of the model all the same", () => {
    const alone = onto("", deployed);
    expect(alone).toContain("### Model");
    expect(alone).not.toContain("## Registration");
  });
});

describe("its title", () => {
  const order = inPromotionOrder({
    environments: new Map([
      ["dev", anEnvironment("dev", { promotesTo: "prod" })],
      ["prod", anEnvironment("prod")],
    ]),
  });
  const first = onto(registered, deployed);

  test("says where the version is deployed, in the order of promotion, also when another environment joins in or one comes again", () => {
    const own = titleOfBoth("Register fraud 3", first, deployed, order);
    expect(own).toBe("Register fraud 3 and deploy it to prod");
    const dev = change({ verb: "deploy", environment: "dev" });
    const both = onto(first, dev);
    const title = "Register fraud 3 and deploy it to dev and prod";
    expect(titleOfBoth(own, both, dev, order)).toBe(title);
    expect(titleOfBoth(title, onto(both, deployed), deployed, order)).toBe(title);
  });

  test("stays as a person has written it", () => {
    expect(titleOfBoth("Ours", first, deployed, order)).toBe("Ours");
  });
});
