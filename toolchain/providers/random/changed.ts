import type { Value } from '../../plugin/properties.ts';
import type { RandomType } from './random-type.ts';

/**
 * The inputs that differ, by what they mean.
 *
 * Inputs are compared with inputs, never with outputs: the state may hold outputs of a plugin that knows more than
 * this one (`bcryptHash`), or values that another plugin filled in where the program says nothing (`number`). To take
 * either for a change would draw a new value, such as another master key.
 *
 * @param olds the inputs of the state, by whichever plugin
 * @param news the inputs that the program gives now
 * @param ignored the inputs to leave alone
 */
export function changedInputs(
  type: RandomType,
  olds: Record<string, Value>,
  news: Record<string, Value>,
  ignored: Iterable<string> = [],
): string[] {
  const left = new Set(ignored);
  const [before, after] = [meaning(type, olds), meaning(type, news)];
  return Object.keys(type.inputs).filter(
    (name) => !left.has(name) && canonical(before[name] ?? null) !== canonical(after[name] ?? null),
  );
}

/** The inputs with the defaults, and an old name of an input turned into the present one. */
function meaning(type: RandomType, inputs: Record<string, Value>): Record<string, Value> {
  const all = withDefaults(type, inputs);
  return type.normalize?.(all) ?? all;
}

/** The inputs, and the defaults where nothing is set. */
export function withDefaults(type: RandomType, inputs: Record<string, Value>): Record<string, Value> {
  const result = { ...inputs };
  for (const [name, value] of Object.entries(type.inputs)) {
    if (value !== undefined) result[name] ??= value;
  }
  return result;
}

/** A text that is the same for the same value, whatever the order of its keys. */
function canonical(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
