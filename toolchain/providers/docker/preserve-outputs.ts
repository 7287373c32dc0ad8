import type { Properties, SecretPaths, Value } from '../../plugin/properties.ts';
import { META, RAW_STATE_DELTA } from './hidden.ts';
import { isEqual } from './is-equal.ts';
import type { ObjectShape, Shape } from './shape.ts';
import { toTerraform } from './values.ts';

type Values = Record<string, Value>;

/**
 * Adds the old outputs that are not in the provider's schema, at every depth: another plugin, or a newer version, wrote
 * them and will read them from the shared state.
 *
 * @param values the outputs according to the provider's schema
 * @param olds the old outputs in the state
 * @returns all outputs, and the paths of the secrets among the added ones
 */
export function preserveOutputs(values: Values, olds: Properties, shape: ObjectShape): Properties {
  const added: SecretPaths = [];
  const left = new Set([META, RAW_STATE_DELTA]);
  const before = Object.fromEntries(Object.entries(olds.values).filter(([name]) => !left.has(name)));
  const merged = mergeObject(values, before, shape, [], added);
  const secrets = olds.secrets.filter((secret) =>
    added.some((path) => isWithin(path, secret) || isWithin(secret, path)),
  );
  return { values: merged, secrets };
}

function mergeObject(
  values: Values,
  olds: Values,
  shape: ObjectShape,
  path: string[],
  added: SecretPaths,
): Values {
  const result = { ...values };
  for (const [name, old] of Object.entries(olds)) {
    const at = [...path, name];
    const field = shape.fields.find(({ pulumi }) => pulumi === name);
    if (field) {
      const value = values[name] ?? null;
      if (value !== null) result[name] = merge(value, old, field.shape, at, added);
    } else if (!(name in values)) {
      result[name] = old;
      added.push(at);
    }
  }
  return result;
}

function merge(value: Value, old: Value, shape: Shape, path: string[], added: SecretPaths): Value {
  switch (shape.kind) {
    case 'object':
      return isRecord(value) && isRecord(old) ? mergeObject(value, old, shape, path, added) : value;
    case 'map':
      if (!isRecord(value) || !isRecord(old)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, element]) => [
          key,
          merge(element, old[key] ?? null, shape.element, [...path, key], added),
        ]),
      );
    case 'list':
    case 'set':
      if (shape.flat) return merge(value, old, shape.element, path, added);
      if (!Array.isArray(value) || !Array.isArray(old)) return value;
      return mergeElements(value, old, shape, path, added);
    default:
      return value;
  }
}

/** Elements of a set are matched by equality under the schema, since a set has no order; elements of lists of equal length by index. */
function mergeElements(
  values: Value[],
  olds: Value[],
  { kind, element }: Extract<Shape, { kind: 'list' | 'set' }>,
  path: string[],
  added: SecretPaths,
): Value[] {
  if (element.kind !== 'object') return values;
  const left = [...olds];
  return values.map((value, index) => {
    const at =
      kind === 'list' && values.length === olds.length
        ? index
        : left.findIndex((old) => isSame(value, old, element));
    const old = left[at];
    // Matched: an equal element later is matched with another one.
    if (at >= 0) left[at] = null;
    // Secrets within a list are recorded with the path of the list.
    return old === undefined ? value : merge(value, old, element, path, added);
  });
}

function isSame(value: Value, old: Value, shape: ObjectShape): boolean {
  return (
    isRecord(value) &&
    isRecord(old) &&
    isEqual(toTerraform(value, shape), toTerraform(old, shape), shape, true)
  );
}

function isRecord(value: Value): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a path is at or below another. */
function isWithin(path: string[], other: string[]): boolean {
  return other.every((step, index) => step === path[index]);
}
