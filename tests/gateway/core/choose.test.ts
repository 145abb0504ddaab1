import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { chooseVersion, stickyPosition } from "../../../gateway/core/choose.ts";
import { buildRoute } from "../../../gateway/core/table.ts";
import type { Cut } from "../../../schemas/cut.ts";
import { cutOf, deploymentOf, loadedOf, since } from "../../support/fleet.ts";

const nobody = { explicit: null, sticky: null };

function routeOf(weight: number, options: { cuts?: Cut[]; loaded?: number[] } = {}) {
  const deployment = deploymentOf({
    stable: { version: 3, attempt: 3, since },
    canary: { version: 4, attempt: 4, since, weight },
    previous: [2],
    rejected: [{ version: 1, attempt: 1, at: since, phase: "stable", by: "person", reason: "biased" }],
    routing: { stickyBy: "header:X-User" },
  });
  const loaded = new Map((options.loaded ?? [2, 3, 4]).map((version) => [version, loadedOf(version)]));
  return buildRoute(deployment, null, null, options.cuts ?? [], { loaded });
}

function versionOf(...args: Parameters<typeof chooseVersion>): number | null {
  const choice = chooseVersion(...args);
  return choice.kind === "chosen" ? choice.version : null;
}

/** Numbers in [0, 1) from a fixed seed (mulberry32). */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

describe("the split", () => {
  const count = 20_000;
  for (const weight of [1, 10, 50, 90]) {
    const expected = (count * weight) / 100;
    // Five standard deviations: one run in two million would be outside, and the seed is fixed.
    const slack = 5 * Math.sqrt(expected * (1 - weight / 100));

    test(`of ${weight} % is within binomial bounds at random`, () => {
      const random = numbers(weight);
      const route = routeOf(weight);
      const hits = Array.from({ length: count }, () => versionOf(route, nobody, random.next().value));
      expect(Math.abs(hits.filter((version) => version === 4).length - expected)).toBeLessThan(slack);
    });

    for (const name of [(at: number) => String(at), (at: number) => `user-${at}@example.com`]) {
      test(`of ${weight} % is within binomial bounds for people such as ${name(7)}`, () => {
        const route = routeOf(weight);
        const hits = Array.from({ length: count }, (_, at) =>
          versionOf(route, { explicit: null, sticky: name(at) }, 0),
        );
        expect(Math.abs(hits.filter((version) => version === 4).length - expected)).toBeLessThan(slack);
      });
    }
  }

  test("of 0 never goes to the canary, and of 100 always", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(random, fc.option(fc.string()), (random, sticky) => {
        expect(versionOf(routeOf(0), { explicit: null, sticky }, random)).toBe(3);
        expect(versionOf(routeOf(100), { explicit: null, sticky }, random)).toBe(4);
      }),
    );
  });

  test("is another one for each canary: two canaries do not find the same tenth of the people", () => {
    const people = Array.from({ length: count }, (_, at) => `user-${at}`);
    const both = people.filter(
      (person) => stickyPosition("m", 4, person) < 0.1 && stickyPosition("m", 5, person) < 0.1,
    );
    expect(Math.abs(both.length - count * 0.01)).toBeLessThan(5 * Math.sqrt(count * 0.01));
  });
});

test("who is in a canary stays in it while its weight grows, whatever chance says", () => {
  const weights = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }));
  fc.assert(
    fc.property(weights, fc.string({ minLength: 1 }), fc.double({ min: 0, max: 0.999 }), (pair, sticky, random) => {
      const [small, large] = pair.toSorted((a, b) => a - b) as [number, number];
      const request = { explicit: null, sticky };
      const before = versionOf(routeOf(small), request, random);
      if (before === 4) expect(versionOf(routeOf(large), request, 1 - random)).toBe(4);
      expect(versionOf(routeOf(small), request, 1 - random)).toBe(before);
    }),
  );
});

test("an empty sticky header is none", () => {
  expect(versionOf(routeOf(50), { explicit: null, sticky: "" }, 0.1)).toBe(4);
  expect(versionOf(routeOf(50), { explicit: null, sticky: "" }, 0.9)).toBe(3);
});

test("a version that is named is served as such, with the attempt of its rollout", () => {
  const request = { explicit: 4, sticky: "anna" };
  expect(chooseVersion(routeOf(0), request, 0)).toMatchObject({ version: 4, phase: "explicit", attempt: 4 });
  expect(chooseVersion(routeOf(0), { ...request, explicit: 2 }, 0)).toMatchObject({ phase: "explicit", attempt: null });
});

test("a version that cannot be served is answered with the reason", () => {
  const ask = (explicit: number, options = {}) => chooseVersion(routeOf(10, options), { explicit, sticky: null }, 0);
  expect(ask(9)).toMatchObject({ status: 404, code: "version-unknown", message: expect.stringContaining("2, 3, 4") });
  expect(ask(1)).toMatchObject({ status: 404, code: "version-closed", message: expect.stringContaining("biased") });
  const cut = cutOf({ version: 4, attempt: 4, reason: "too slow" });
  expect(ask(4, { cuts: [cut] })).toMatchObject({ status: 404, message: expect.stringContaining("too slow") });
  expect(ask(4, { loaded: [3] })).toMatchObject({ status: 503, code: "version-not-loaded" });
});

test("with nothing to serve the answer is 503", () => {
  expect(chooseVersion(routeOf(10, { loaded: [] }), nobody, 0)).toMatchObject({ code: "version-not-loaded" });
  const cuts = [
    cutOf({ version: 3, attempt: 3, phase: "stable" }),
    cutOf({ version: 2, attempt: null, phase: "stable" }),
  ];
  expect(chooseVersion(routeOf(10, { cuts }), nobody, 0)).toMatchObject({ status: 503, code: "nothing-to-serve" });
});
