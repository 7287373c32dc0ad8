/** Selects what a test run includes of long tests: everything in a soak run, else a sample chosen by a seed. */

/** Whether this is `npm run soak`: everything at full length. */
export const SOAK = process.env.SWITCHYARD_SOAK === '1';

/** The seed of the sample. It has a fixed default, so that a failed run can be repeated; `SWITCHYARD_SEED` sets another one. */
export const SEED = seedOf(process.env.SWITCHYARD_SEED);

/**
 * Parses a seed.
 *
 * @throws Error if it is not a whole number, instead of silently running another sample.
 */
export function seedOf(text = '1'): number {
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`SWITCHYARD_SEED is "${text}"; allowed: a whole number of up to 9 digits`);
  return Number(text);
}

/** A sample of the items, determined only by the seed, in their original order. */
export function sample<T>(all: readonly T[], count: number, seed = SEED): T[] {
  const order = all.map((_, index) => ({ index, rank: scramble(seed, index) }));
  const chosen = order.sort((a, b) => a.rank - b.rank || a.index - b.index).slice(0, count);
  const indexes = new Set(chosen.map(({ index }) => index));
  return all.filter((_, index) => indexes.has(index));
}

/** A pseudo-random number from seed and index: the finalizer of a common 32-bit hash. */
function scramble(seed: number, index: number): number {
  let value = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
