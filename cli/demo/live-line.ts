import type { Style } from "../style.ts";
import type { Traffic } from "./traffic.ts";

/** Characters of the bar. With everything else the line stays below 80, so that no terminal wraps it. */
const width = 30;

/** One line for the traffic of the last second, by the version that was tried: a bar, the shares, what failed. */
export function drawTraffic(traffic: Pick<Traffic, "recent" | "summary">, style: Style): string {
  const recent = traffic.recent();
  const { failed, rate, elapsedMs } = traffic.summary();
  const shares = sharesOf(recent);
  const cells = cellsOf(shares.map(({ share }) => share));
  const bar = shares.map(({ version }, at) => colour(version, style, "█".repeat(cells[at] ?? 0))).join("");
  const words = shares.map(({ version, share }) => {
    const name = version === null ? "error" : `v${version}`;
    return colour(version, style, `${name} ${Math.round(100 * share)} %`);
  });
  const count = failed > 0 ? style.red(`${failed} failed`) : style.dim("0 failed");
  const clock = `${(elapsedMs / 1000).toFixed(0).padStart(3)} s`;
  return `${style.dim(`${clock} ${rate.achievedPerSecond.toFixed(0)}/s`)} ${bar} ${words.join("  ")}  ${count}`;
}

interface VersionShare {
  readonly version: string | null;
  readonly share: number;
}

/** Versions in their order, errors last. */
function sharesOf(recent: readonly (string | null)[]): readonly VersionShare[] {
  return [...Map.groupBy(recent, (version) => version)]
    .map(([version, all]) => ({ version, share: all.length / recent.length }))
    .toSorted((a, b) => Number(a.version ?? Infinity) - Number(b.version ?? Infinity));
}

/** Whole cells that add up to the width, by largest remainders; whoever has a share has a cell. */
export function cellsOf(shares: readonly number[], of = width): readonly number[] {
  const cells = shares.map((share) => Math.max(1, Math.floor(share * of)));
  const order = shares
    .map((share, at) => ({ at, rest: share * of - Math.floor(share * of) }))
    .toSorted((a, b) => b.rest - a.rest);
  let left = of - cells.reduce((sum, one) => sum + one, 0);
  for (const { at } of order) {
    if (left <= 0) break;
    cells[at] = (cells[at] ?? 0) + 1;
    left--;
  }
  for (; left < 0; left++) {
    const widest = cells.indexOf(Math.max(...cells));
    cells[widest] = (cells[widest] ?? 0) - 1;
  }
  return cells;
}

/** Versions that follow one another differ in colour; red is for errors. */
function colour(version: string | null, style: Style, text: string): string {
  if (version === null) return style.red(text);
  const at = Number(version) % 3;
  if (at === 0) return style.yellow(text);
  return at === 1 ? style.cyan(text) : style.green(text);
}
