/** Scenarios that run one after the other, each building on what those before it left, and are counted. */

/** What is missing where a test cannot run at all. */
export class Missing extends Error {
  override readonly name = "Missing";
}

export interface Scenarios {
  /** Runs one; a failure is told, and the next goes on. */
  scenario(name: string, act: () => Promise<void> | void): Promise<void>;
}

/**
 * Runs scenarios, prints how each ended and at last `N passed, N failed`; sets the exit code. Where something is `Missing`, it
 * says SKIPPED, and what ran before counts: but in CI that fails, where a test that silently stopped running would be believed.
 */
export async function runScenarios(run: (scenarios: Scenarios) => Promise<void>): Promise<void> {
  let passed = 0;
  let failed = 0;
  const tell = (error: unknown): void => {
    failed += 1;
    process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  };
  try {
    await run({
      async scenario(name, act) {
        const started = performance.now();
        try {
          await act();
          passed += 1;
          process.stdout.write(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
        } catch (error) {
          process.stdout.write(`✗ ${name}\n`);
          tell(error);
        }
      },
    });
  } catch (error) {
    if (error instanceof Missing && process.env["CI"] !== "true") {
      process.stdout.write(`SKIPPED: ${error.message}\n`);
      if (passed + failed === 0) return;
    } else tell(error);
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
