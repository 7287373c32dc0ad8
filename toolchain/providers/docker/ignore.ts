import { Unknown, type Value } from '../../plugin/properties.ts';

type Container = Record<string, Value> | Value[];

/**
 * Gives what the program wants to leave alone (`ignoreChanges`) the value that it has.
 *
 * The engine does this for inputs. What Docker itself changed since stands in the outputs, and counts just as much.
 *
 * @param wanted the new inputs
 * @param has the old outputs
 * @param paths such as `labels`, `healthcheck.timeout`, `envs[0]` or `ports[*].external`
 */
export function ignoreChanges(
  wanted: Record<string, Value>,
  has: Record<string, Value>,
  paths: string[],
): Record<string, Value> {
  if (paths.length === 0) return wanted;
  const result = copy(wanted) as Record<string, Value>;
  for (const path of paths) take(result, has, pathSteps(path));
  return result;
}

/** The steps of a property path as Pulumi writes it. */
export function pathSteps(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => quoted?.replace(/\\(.)/g, '$1') ?? index ?? name ?? '',
  );
}

function take(into: Container, from: Value | undefined, [step, ...rest]: string[]): void {
  if (step === undefined || typeof from !== 'object' || from === null) return;
  if (step === '*') {
    for (const key of Object.keys(into)) take(into, from, [key, ...rest]);
    return;
  }
  const target = into as Record<string, Value>;
  const value = (from as Record<string, Value>)[step];
  if (rest.length > 0) {
    const inner = target[step];
    if (typeof inner === 'object' && inner !== null) take(inner as Container, value, rest);
  } else if (value !== undefined) target[step] = value;
  else if (!Array.isArray(into)) delete target[step];
}

/** `structuredClone` would make any object of the unknown value. */
function copy(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Unknown) return value;
  if (Array.isArray(value)) return value.map(copy);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]));
}
