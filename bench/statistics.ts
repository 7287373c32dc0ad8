/** Statistics of measurements. Pure. */

/** The middle value, or the mean of the two middle values. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * The smallest value that at least this share of the values does not exceed (nearest rank). NaN for an empty list.
 *
 * @param share from 0 to 1, e.g. 0.99.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** A figure with three significant digits, since more would not be meaningful. From 100 on it is rounded to a whole number. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** The ratio of a value to `base`, with three significant digits; undefined if one of them is missing or `base` is 0. */
export function ratio(value: number | undefined, base: number | undefined): number | undefined {
  if (value === undefined || !base) return undefined;
  return rounded(value / base);
}
