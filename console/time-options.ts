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
  return parseDay(day, {
    where: option === undefined ? 'environment variable SWITCHYARD_TODAY' : '--today',
    allowed: 'YYYY-MM-DD, e.g. 2026-11-24',
  });
}

/**
 * Noon (UTC) of a day.
 *
 * @param told where it was given and what is allowed there, for the error.
 * @throws UserError if it is not a valid date.
 */
export function parseDay(day: string, told: { where: string; allowed: string }): Date {
  const date = new Date(`${day}T12:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day))
    return date;
  throw new UserError('invalid date', { ...told, found: day });
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
 * @param most the longest one in days, and what the error says is allowed.
 * @throws UserError if it is invalid, or longer.
 */
export function parseDuration(
  text: string,
  option: string,
  most = { days: 90, allowed: '90s, 30m, 24h, 7d; at most 90d' },
): number {
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (ms > 0 && ms <= most.days * 86_400_000) return ms;
  throw new UserError('invalid duration', {
    where: option,
    found: text,
    allowed: most.allowed,
  });
}

/**
 * The time at which something expires, in ISO 8601. A day counts through its end: `2026-12-31` is 2027-01-01T00:00:00Z.
 *
 * @param option the option's name, for the error.
 * @param now the time that it must be after.
 * @throws UserError if it is neither a day nor a time in UTC, or has passed. Its example lies in the future.
 */
export function parseExpiry(text: string, option: string, now = new Date()): string {
  const next = `${now.getUTCFullYear() + 1}-12-31`;
  const allowed = `a day, through its end in UTC: ${next}; or a time in UTC: ${next}T18:00:00Z`;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const time = new Date(isDay ? `${text}T00:00:00Z` : text);
  const isTime = isDay || /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/.test(text);
  // JavaScript takes February 30th for March 2nd.
  if (!isTime || Number.isNaN(time.getTime()) || dayOf(time) !== text.slice(0, 10))
    throw new UserError('invalid time', { where: option, found: text, allowed });
  if (isDay) time.setUTCDate(time.getUTCDate() + 1);
  if (time <= now) throw new UserError('this time has passed', { where: option, found: text, allowed });
  return isDay ? time.toISOString().replace('.000Z', 'Z') : text;
}
