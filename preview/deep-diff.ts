/** Compares two documents value by value. Pure. */
import { isDeepStrictEqual } from 'node:util';

/** A value that differs; `before` or `after` is undefined if the value was added or removed. */
export interface Difference {
  path: string;
  before: unknown;
  after: unknown;
}

/** The values in which two documents differ, at any depth. Lists are compared as a whole. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  // null counts as not set, because Pulumi's outputs may drop nulls. The order of names is ignored, because Pulumi sorts them.
  if (isDeepStrictEqual(before ?? null, after ?? null)) return [];
  if (!isMap(before) || !isMap(after)) return [{ path, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) =>
    differences(before[name], after[name], path === '' ? name : `${path}.${name}`),
  );
}

/** `timeout: 60 → 120`, `timeout: 120 is new`, `timeout: no longer set (was 60)`; long values are shortened. */
export function describeDifference({ path, before, after }: Difference): string {
  if (before === undefined) return `${path}: ${short(after)} is new`;
  if (after === undefined) return `${path}: no longer set (was ${short(before)})`;
  return `${path}: ${short(before)} → ${short(after)}`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
