import { Unknown, type Value } from '../../plugin/properties.ts';

type Container = Record<string, Value> | Value[];

/**
 * Sets properties in `ignoreChanges` to their current values.
 *
 * The engine does this for inputs. Changes by Docker itself are in the outputs, and must be ignored as well.
 *
 * @param inputs the new inputs
 * @param olds the old outputs
 * @param paths such as `labels`, `healthcheck.timeout`, `envs[0]` or `ports[*].external`
 */
export function ignoreChanges(
  inputs: Record<string, Value>,
  olds: Record<string, Value>,
  paths: string[],
): Record<string, Value> {
  if (paths.length === 0) return inputs;
  const result = copy(inputs) as Record<string, Value>;
  for (const path of paths) take(result, olds, pathSteps(path));
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

/** Not `structuredClone`, which would turn the unknown value into a plain object. */
function copy(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Unknown) return value;
  if (Array.isArray(value)) return value.map(copy);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]));
}
