/** What a run of the tests takes of the long ones: all of it in a soak, else a sample that a seed chooses. */

/** Whether this is `npm run soak`: everything, at full length. */
export const SOAK = process.env.SWITCHYARD_SOAK === '1';

/** Chooses the sample. The same for everybody, so that a red run can be repeated; another one is asked for by `SWITCHYARD_SEED`. */
export const SEED = seedOf(process.env.SWITCHYARD_SEED);

/**
 * The seed that a text names.
 *
 * @throws Error if it is no whole number: the run would not be the one that was asked for.
 */
export function seedOf(text = '1'): number {
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`SWITCHYARD_SEED is "${text}"; allowed: a whole number of up to 9 digits`);
  return Number(text);
}

/** Some of all, chosen by the seed alone, in their order. */
export function sample<T>(all: readonly T[], count: number, seed = SEED): T[] {
  const order = all.map((_, index) => ({ index, rank: scramble(seed, index) }));
  const chosen = order.sort((a, b) => a.rank - b.rank || a.index - b.index).slice(0, count);
  const indexes = new Set(chosen.map(({ index }) => index));
  return all.filter((_, index) => indexes.has(index));
}

/** A number that shows no pattern over seeds and indexes: the finalizer of a common 32-bit hash. */
function scramble(seed: number, index: number): number {
  let value = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
