import type { DocumentPath } from "../document.ts";
import type { Say } from "./say.ts";

/** Whether a text that has the form of a time is one: 30 February has the form. */
export function isTime(text: string): boolean {
  const time = Date.parse(text);
  // Some days that do not exist are read as days of the next month.
  return Number.isFinite(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19);
}

/** A time that is not there is none to complain of. */
export function checkTime(path: DocumentPath, text: string | undefined, say: Say): void {
  if (text === undefined || isTime(text)) return;
  const hint = "mend its month, day, hour, minute or second, as in 2026-11-21T08:00:00Z";
  say("time-unknown", path, `there is no time ${text}`, hint);
}
