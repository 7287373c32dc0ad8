import type { z } from 'zod';

/** The most rounds. Each removes the errors that the one before reported. */
const ROUNDS = 8;

/**
 * Parses data that has errors: removes the wrong entries until the rest is valid. So the checks across entries can run on the rest and
 * report their problems together with those of the schema.
 *
 * @returns undefined if the data still has errors after {@link ROUNDS} rounds.
 */
export function parseLenient<T>(schema: z.ZodType<T>, data: unknown): T | undefined {
  let rest = structuredClone(data);
  for (let round = 0; round < ROUNDS; round += 1) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return parsed.data;
    // From the end, so that removing an entry of a list does not shift the entries that are removed after it.
    for (const issue of [...parsed.error.issues].reverse()) {
      const path = [...issue.path];
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) rest = without(rest, [...path, key]);
      else rest = without(rest, path);
    }
  }
  return undefined;
}

/** The data without the value at `path`. If there is none (a required key is missing), without its parent. */
function without(data: unknown, path: PropertyKey[]): unknown {
  if (path.length === 0) return {};
  const holder = path.slice(0, -1).reduce<unknown>((value, step) => child(value, step), data);
  const last = path.at(-1) as PropertyKey;
  if (typeof holder !== 'object' || holder === null) return data;
  if (!Object.hasOwn(holder, last)) return without(data, path.slice(0, -1));
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete (holder as Record<PropertyKey, unknown>)[last];
  return data;
}

function child(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<PropertyKey, unknown>)[step];
}
