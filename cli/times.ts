import { durationMs } from "../schemas/defaults.ts";
import { toTheSecond } from "./ago.ts";
import { UsageError } from "./flags.ts";

/** A moment that the command line names. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What was taken for granted, for the person; null where all of it was said. */
  readonly note: string | null;
}

const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * `now`, or a time that has been: ISO 8601 with an offset (`2026-01-31T12:00Z`, `...T13:00+01:00`), or a date alone, which is its
 * first moment in UTC. Throws a UsageError for anything else: a time without an offset would mean another moment on every
 * machine, and of what is to come git knows nothing.
 */
export function momentOf(flag: string, text: string, now: Date): Moment {
  if (text.trim().toLowerCase() === "now") return { at: now.getTime(), note: null };
  const moment = writtenMoment(flag, text);
  if (moment.at <= now.getTime()) return moment;
  const until = toTheSecond(now.toISOString());
  throw new UsageError(`--${flag} takes a time that has been: "${text}" is after now, ${until}`);
}

function writtenMoment(flag: string, text: string): Moment {
  const wanted = `--${flag} takes a time such as 2026-01-31T12:00Z or 2026-01-31T13:00+01:00, a date, or now`;
  const [, year, month, dayOfMonth, hours, minutes, seconds, offset] = iso.exec(text.trim()) ?? [];
  if (year === undefined) throw new UsageError(`${wanted}, not "${text}"`);
  const date = `${year}-${month}-${dayOfMonth}`;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const isReal = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
  const inRange = Number(hours ?? 0) < 24 && Number(minutes ?? 0) < 60 && Number(seconds ?? 0) < 60;
  if (!isReal || !inRange) throw new UsageError(`${wanted}; "${text}" is none that there is`);
  if (hours === undefined) return { at: midnight, note: `${date} is taken as ${date}T00:00Z` };
  if (offset === undefined) {
    throw new UsageError(`"${text}" names no time zone: write ${text.trim()}Z for UTC, or an offset such as +01:00`);
  }
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const at = Date.parse(
    text
      .trim()
      .replace(" ", "T")
      .toUpperCase()
      .replace(/(Z|[+-]\d{2}:?\d{2})$/, zone),
  );
  if (Number.isNaN(at)) throw new UsageError(`${wanted}; "${text}" is none that there is`);
  return { at, note: null };
}

/** `30d`, `72h`, `15m`, `90s` in milliseconds; a UsageError for anything else. */
export function durationFlag(flag: string, text: string): number {
  const duration = text.trim();
  if (/^\d{1,6}[smhd]$/.test(duration)) return durationMs(duration);
  throw new UsageError(`--${flag} takes a duration such as 30d, 72h, 15m or 90s, not "${text}"`);
}
