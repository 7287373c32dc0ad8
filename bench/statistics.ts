/** Figures from many measurements. Pure. */

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * The smallest value that at least this share of the values does not exceed (nearest rank). NaN of none.
 *
 * @param share from 0 to 1, e.g. 0.99.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** A figure with three significant digits: more of them would say nothing. Whole numbers keep all of theirs. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** How many times `base` a value is, with three significant digits; undefined where there is nothing to compare with. */
export function ratio(value: number | undefined, base: number | undefined): number | undefined {
  if (value === undefined || !base) return undefined;
  return rounded(value / base);
}
