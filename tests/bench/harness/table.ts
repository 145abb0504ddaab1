import { goals, type RowName } from "../goals.ts";
import { valueOf, type Figure } from "./figure.ts";

export type Report = readonly (readonly [RowName, Figure])[];

/** For programs. A row that could not be measured has the value null and says why. */
export function renderJson(report: Report): string {
  const rows = report.map(([name, figure]) => {
    const { unit, goal, better } = goals[name];
    const measured =
      "absent" in figure
        ? { value: null, unit, goal, better, samples: [], absent: figure.absent }
        : { value: round(valueOf(figure)), unit, goal, better, samples: figure.samples.map(round) };
    return [name, measured] as const;
  });
  return `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`;
}

/** For people: the value, the goal, whether it is reached, the samples, and what the ratio was made of. */
export function renderTable(report: Report): string {
  const lines = report.flatMap(([name, figure]) => {
    const { goal, better, what } = goals[name];
    const wanted = goal === null ? "none" : `${better === "higher" ? ">=" : "<="} ${goal}`;
    if ("absent" in figure) return [row(name, "absent", wanted, ""), `  ${what}`, `  ${figure.absent}`];
    const value = valueOf(figure);
    const isReached = goal === null || (better === "higher" ? value >= goal : value <= goal);
    return [
      row(name, String(round(value)), wanted, goal === null ? "" : isReached ? "reached" : "missed"),
      `  ${what}`,
      `  ${figure.note}; samples ${figure.samples.map(round).join(" ")}`,
    ];
  });
  return `${[row("figure", "value", "goal", ""), ...lines].join("\n")}\n`;
}

function row(name: string, value: string, goal: string, reached: string): string {
  return `${name.padEnd(28)} ${value.padStart(8)}  ${goal.padEnd(8)} ${reached}`.trimEnd();
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
