/** Days and durations that a user types. */
import { UserError } from './errors.ts';

/**
 * The reference time for ages and dates: now, or noon (UTC) of the day given by the option or else by the variable SWITCHYARD_TODAY.
 *
 * @throws UserError if that is not a valid date.
 */
export function parseToday(option: string | undefined): Date {
  const day = option ?? process.env.SWITCHYARD_TODAY;
  if (day === undefined) return new Date();
  const date = new Date(`${day}T12:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day))
    return date;
  throw new UserError('invalid date', {
    where: option === undefined ? 'environment variable SWITCHYARD_TODAY' : '--today',
    found: day,
    allowed: 'YYYY-MM-DD, e.g. 2026-11-24',
  });
}

/** The day of a time, in UTC: YYYY-MM-DD. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration such as `90s`, `30m`, `24h`, `7d`.
 *
 * @param option the option's name, for the error.
 * @throws UserError if it is invalid, or longer than 90 days.
 */
export function parseDuration(text: string, option: string): number {
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (ms > 0 && ms <= 90 * 86_400_000) return ms;
  throw new UserError('invalid duration', {
    where: option,
    found: text,
    allowed: '90s, 30m, 24h, 7d; at most 90d',
  });
}
