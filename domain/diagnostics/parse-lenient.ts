import type { z } from 'zod';

/** Each round takes away what the last one found; what is still wrong then is not worth more. */
const ROUNDS = 8;

/**
 * What can be read of data that has errors: the wrong parts taken away, entry by entry, until the rest passes. So that the checks
 * between the parts can speak in the same run as those of the form.
 *
 * @returns undefined where nothing usable is left.
 */
export function parseLenient<T>(schema: z.ZodType<T>, data: unknown): T | undefined {
  let rest = structuredClone(data);
  for (let round = 0; round < ROUNDS; round += 1) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return parsed.data;
    // From the end, so that taking an entry out of a list does not move those that are still to go.
    for (const issue of [...parsed.error.issues].reverse()) {
      const path = [...issue.path];
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) rest = without(rest, [...path, key]);
      else rest = without(rest, path);
    }
  }
  return undefined;
}

/** The data without what stands at `path`; where that is missing, without what should hold it. */
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
