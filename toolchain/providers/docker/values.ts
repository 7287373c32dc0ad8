import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack';
import { PluginError } from '../../plugin/rpc.ts';
import { UNKNOWN, Unknown, type Value } from '../../plugin/properties.ts';
import type { Field, ObjectShape, Shape } from './shape.ts';
import type { DynamicValue } from './tfplugin.ts';

const codec = new ExtensionCodec();
// Terraform encodes an unknown value as extension 0, and a refined unknown value as 12.
codec.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? new Uint8Array(1) : null),
  decode: () => UNKNOWN,
});
codec.register({ type: 12, encode: () => null, decode: () => UNKNOWN });
const encoder = new Encoder({ extensionCodec: codec });
const decoder = new Decoder({ extensionCodec: codec });

/** Packs a Terraform value. */
export function pack(value: Value): DynamicValue {
  return { msgpack: encoder.encode(value) };
}

/** Unpacks a Terraform value. */
export function unpack(value: DynamicValue | null): Value {
  return value?.msgpack?.length ? (decoder.decode(value.msgpack) as Value) : null;
}

/**
 * Converts Pulumi's properties to a Terraform object: other names, lists around single blocks, and every attribute
 * present, `null` if not set.
 *
 * @param path the path of the object within the resource, for messages
 */
export function toTerraform(
  properties: Record<string, Value>,
  shape: ObjectShape,
  path = '',
): Record<string, Value> {
  return Object.fromEntries(
    shape.fields.map(({ tf, pulumi, shape: of }) => [
      tf,
      fieldToTerraform(properties[pulumi] ?? null, of, path ? `${path}.${pulumi}` : pulumi),
    ]),
  );
}

function fieldToTerraform(value: Value, shape: Shape, path: string): Value {
  if (value instanceof Unknown) return value;
  switch (shape.kind) {
    case 'list':
    case 'set': {
      // A missing block is an empty list; a missing attribute is null.
      if (value === null) return shape.block ? [] : null;
      if (shape.flat) return [fieldToTerraform(value, shape.element, path)];
      if (!Array.isArray(value)) throw mismatch(path, 'a list', value);
      return value.map((element, index) => fieldToTerraform(element, shape.element, `${path}[${index}]`));
    }
    case 'map':
      if (value === null) return null;
      return Object.fromEntries(
        Object.entries(record(value, path)).map(([key, element]) => [
          key,
          fieldToTerraform(element, shape.element, `${path}.${key}`),
        ]),
      );
    case 'object':
      return value === null ? null : toTerraform(record(value, path), shape, path);
    default:
      return value === null ? null : scalar(value, shape.kind, path);
  }
}

/** Converts a Terraform object to Pulumi's properties, without null values. */
export function toPulumi(object: Value, shape: ObjectShape): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const field of shape.fields) {
    if (isTimeouts(field)) continue;
    const value = fieldToPulumi((object as Record<string, Value>)[field.tf] ?? null, field.shape);
    if (value !== null) result[field.pulumi] = value;
  }
  return result;
}

function fieldToPulumi(value: Value, shape: Shape): Value {
  if (value === null || value instanceof Unknown) return value;
  switch (shape.kind) {
    case 'list':
    case 'set': {
      const elements = (value as Value[]).map((element) => fieldToPulumi(element, shape.element));
      return shape.flat ? (elements[0] ?? null) : elements;
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(value).map(([key, element]) => [key, fieldToPulumi(element as Value, shape.element)]),
      );
    case 'object':
      return toPulumi(value, shape);
    case 'number':
      // Numbers that msgpack cannot represent are sent as text.
      return Number(value);
    default:
      return value;
  }
}

/** Whether this is Terraform's block of time limits, for which Pulumi has `customTimeouts`. */
export function isTimeouts(field: Field): boolean {
  return field.tf === 'timeouts' && field.block;
}

/** Pulumi programs may give a number as text and vice versa; Terraform does not allow that. */
function scalar(value: Value, kind: 'string' | 'number' | 'bool', path: string): Value {
  if (kind === 'string') {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  } else if (kind === 'number') {
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
      return Number(value);
  } else {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
  }
  throw mismatch(path, `a ${kind}`, value);
}

function record(value: Value, path: string): Record<string, Value> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, Value>;
  throw mismatch(path, 'an object', value);
}

/** The error for a value of the wrong type. It does not show the value, which may be secret. */
function mismatch(path: string, expected: string, value: Value): PluginError {
  const kind = Array.isArray(value) ? 'list' : typeof value;
  const found = value === null ? 'nothing' : `${kind === 'object' ? 'an' : 'a'} ${kind}`;
  return new PluginError(`${path}: expected ${expected}, found ${found}`);
}
