import structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { PluginError } from './rpc.ts';

/** A value that is not known yet, as during a preview. */
export class Unknown {
  readonly unknown = true;
}

/** The one unknown value. */
export const UNKNOWN = new Unknown();

/** A plain value: JSON and unknowns. */
export type Value = null | string | number | boolean | Unknown | Value[] | { [name: string]: Value };

/** A resource's properties, with the secrets unwrapped and their paths recorded. */
export interface Properties {
  values: Record<string, Value>;
  /** The paths of the secrets. */
  secrets: SecretPaths;
}

/** The paths of secrets, from the top. A secret within a list has the path of the list, see {@link readProperties}. */
export type SecretPaths = string[][];

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const UNKNOWN_SENTINEL = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
/** Pulumi has a sentinel for each type of unknown: bool, number, string, array, asset, archive, object. */
const UNKNOWN_SENTINELS = new Set([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  UNKNOWN_SENTINEL,
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/**
 * Reads properties as the engine sends them.
 *
 * A secret inside a list makes the whole list secret: Terraform's sets have no order, so the index of an element in a
 * response does not correspond to its index in the request.
 */
export function readProperties(struct: structProto.Struct | undefined): Properties {
  const secrets: SecretPaths = [];
  const values = struct ? readRecord(struct.toJavaScript(), [], secrets) : {};
  return { values, secrets };
}

/** Writes properties as the engine expects them, with everything secret wrapped. */
export function writeProperties(values: Record<string, Value>, secrets: SecretPaths): structProto.Struct {
  return structProto.Struct.fromJavaScript(writeRecord(values, [], secrets));
}

function readRecord(record: object, path: string[], secrets: SecretPaths): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(record)) {
    result[name] = readValue(value, [...path, name], secrets);
  }
  return result;
}

function readValue(value: unknown, path: string[], secrets: SecretPaths): Value {
  if (typeof value === 'string') return UNKNOWN_SENTINELS.has(value) ? UNKNOWN : value;
  if (Array.isArray(value)) {
    const inner: SecretPaths = [];
    const result = value.map((element) => readValue(element, path, inner));
    if (inner.length > 0) secrets.push(path);
    return result;
  }
  if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    if (record[SIGNATURE] === SECRET) {
      secrets.push(path);
      return readValue(record['value'], path, []);
    }
    if (SIGNATURE in record) {
      throw new PluginError(`${path.join('.')}: assets and resource references are not supported here`);
    }
    return readRecord(record, path, secrets);
  }
  return value as Value;
}

type Json = Parameters<typeof structProto.Struct.fromJavaScript>[0][string];

function writeRecord(
  record: Record<string, Value>,
  path: string[],
  secrets: SecretPaths,
): Record<string, Json> {
  const result: Record<string, Json> = {};
  for (const [name, value] of Object.entries(record)) {
    const at = [...path, name];
    const plain = writeValue(value, at, secrets);
    result[name] = secrets.some((secret) => samePath(secret, at))
      ? { [SIGNATURE]: SECRET, value: plain }
      : plain;
  }
  return result;
}

function writeValue(value: Value, path: string[], secrets: SecretPaths): Json {
  if (value instanceof Unknown) return UNKNOWN_SENTINEL;
  if (Array.isArray(value)) return value.map((element) => writeValue(element, path, []));
  if (typeof value === 'object' && value !== null) return writeRecord(value, path, secrets);
  return value;
}

function samePath(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}
