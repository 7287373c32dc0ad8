import { Unknown, type Value } from '../../plugin/properties.ts';
import { DEFAULTS } from './naming.ts';
import type { ObjectShape, Shape } from './shape.ts';
import { isTimeouts } from './values.ts';

/** An input that the resource type does not have. */
export interface UnknownProperty {
  path: string;
  /** The properties at this place. */
  known: string[];
}

/** Finds inputs that are not properties of this resource type, at every depth: they would be dropped with no output. */
export function findUnknownProperties(
  inputs: Record<string, Value>,
  shape: ObjectShape,
  path = '',
): UnknownProperty[] {
  const fields = shape.fields.filter((field) => !isTimeouts(field));
  return Object.entries(inputs).flatMap(([name, value]) => {
    const at = path ? `${path}.${name}` : name;
    // The official plugin has it at every depth; with `ignoreChanges` it comes here with the old inputs.
    if (name === DEFAULTS) return [];
    const field = fields.find(({ pulumi }) => pulumi === name);
    if (!field) return [{ path: at, known: fields.map(({ pulumi }) => pulumi).sort() }];
    return within(value, field.shape, at);
  });
}

function within(value: Value, shape: Shape, path: string): UnknownProperty[] {
  if (typeof value !== 'object' || value === null || value instanceof Unknown) return [];
  if (Array.isArray(value)) {
    if (shape.kind !== 'list' && shape.kind !== 'set') return [];
    return value.flatMap((element, index) => within(element, shape.element, `${path}[${index}]`));
  }
  if (shape.kind === 'object') return findUnknownProperties(value, shape, path);
  return 'element' in shape && shape.kind !== 'map' ? within(value, shape.element, path) : [];
}
