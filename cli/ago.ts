/** When something was, for people: what a table of times loads, and no more. */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Times as people read them: how long ago on a terminal, in full (UTC, to the second) in pipes. */
export function timeTeller(isTerminal: boolean, now: Date): (time: string) => string {
  return isTerminal ? (time) => ago(time, now) : toTheSecond;
}

export function toTheSecond(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

/** `5 min ago`; what is older than two months has its date, and what is to come its time. */
function ago(time: string, now: Date): string {
  const passed = now.getTime() - Date.parse(time);
  if (passed < 0) return toTheSecond(time);
  if (passed < minute) return "just now";
  if (passed < hour) return `${Math.floor(passed / minute)} min ago`;
  if (passed < 2 * day) return `${Math.floor(passed / hour)} h ago`;
  if (passed < 60 * day) return `${Math.floor(passed / day)} days ago`;
  return time.slice(0, 10);
}
