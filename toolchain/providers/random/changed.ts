import type { Value } from '../../plugin/properties.ts';
import type { RandomType } from './random-type.ts';

/**
 * The names of the inputs that differ, after defaults and old names are resolved.
 *
 * Inputs are compared with inputs, never with outputs: the state may contain outputs that only another plugin knows
 * (`bcryptHash`), or values that another plugin filled in for unset inputs (`number`). If either counted as a change, a
 * new value would be generated, such as another master key.
 *
 * @param olds the inputs in the state, written by any plugin
 * @param news the program's current inputs
 * @param ignored the inputs to ignore
 */
export function changedInputs(
  type: RandomType,
  olds: Record<string, Value>,
  news: Record<string, Value>,
  ignored: Iterable<string> = [],
): string[] {
  const skipped = new Set(ignored);
  const [before, after] = [resolved(type, olds), resolved(type, news)];
  return Object.keys(type.inputs).filter(
    (name) => !skipped.has(name) && canonical(before[name] ?? null) !== canonical(after[name] ?? null),
  );
}

/** The inputs with defaults filled in and old names replaced by current ones. */
function resolved(type: RandomType, inputs: Record<string, Value>): Record<string, Value> {
  const all = withDefaults(type, inputs);
  return type.normalize?.(all) ?? all;
}

/** The inputs, with the defaults of those that are not set. */
export function withDefaults(type: RandomType, inputs: Record<string, Value>): Record<string, Value> {
  const result = { ...inputs };
  for (const [name, value] of Object.entries(type.inputs)) {
    if (value !== undefined) result[name] ??= value;
  }
  return result;
}

/** A text that is equal for equal values, whatever the order of their keys. */
function canonical(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
