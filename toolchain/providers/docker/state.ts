import type structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { writeProperties, type Properties, type SecretPaths, type Value } from '../../plugin/properties.ts';
import { refuseErrors } from './diagnostics.ts';
import { preserveOutputs } from './preserve-outputs.ts';
import { META } from './hidden.ts';
import type { ObjectShape, ResourceShape, Shape } from './shape.ts';
import type { TerraformProvider } from './terraform.ts';
import { pack, toPulumi, toTerraform, unpack } from './values.ts';

/** The key under which the SDK of Terraform's providers keeps its time limits in the private data. */
const TIMEOUTS = 'e2bfb730-ecaa-11e6-8f88-34363bc7c4c0';

/** A resource as Terraform knows it. */
export interface TerraformState {
  value: Value;
  private: Uint8Array;
}

/**
 * Rebuilds Terraform's state of a resource from Pulumi's outputs.
 *
 * A state of an older schema, written before the provider was upgraded, is upgraded by the provider. Of a state of a
 * newer schema only the known properties are used: the provider cannot downgrade it.
 */
export async function readState(
  provider: TerraformProvider,
  id: string,
  outputs: Record<string, Value>,
  shape: ResourceShape,
): Promise<TerraformState> {
  const meta = typeof outputs[META] === 'string' ? outputs[META] : '';
  const known = new Set(shape.fields.map(({ pulumi }) => pulumi));
  const kept = Object.fromEntries(Object.entries(outputs).filter(([name]) => known.has(name)));
  const value = toTerraform({ ...kept, id }, shape);
  const version = Number(parseMeta(meta)['schema_version'] ?? shape.version);
  if (version >= shape.version) return { value, private: Buffer.from(meta) };

  const answer = await provider.call('UpgradeResourceState', {
    type_name: shape.type,
    version,
    raw_state: { json: Buffer.from(JSON.stringify(value)) },
  });
  refuseErrors(answer.diagnostics, shape);
  return { value: unpack(answer.upgraded_state), private: Buffer.from(meta) };
}

/**
 * The outputs of a state for the engine, with all secrets marked.
 *
 * @param secrets the paths of the program's secret inputs
 * @param olds the old outputs, of which those that only another plugin knows are preserved
 */
export function outputs(
  state: TerraformState,
  shape: ResourceShape,
  secrets: SecretPaths,
  olds: Properties = { values: {}, secrets: [] },
): structProto.Struct {
  const kept = preserveOutputs(outputValues(state, shape, olds.values), olds, shape);
  return writeProperties(kept.values, [...secrets, ...kept.secrets, ...sensitivePaths(kept.values, shape)]);
}

function outputValues(
  state: TerraformState,
  shape: ResourceShape,
  olds: Record<string, Value>,
): Record<string, Value> {
  const outputs = toPulumi(state.value, shape);
  const meta = metaText(state.private, olds[META] ?? null);
  if (meta) outputs[META] = meta;
  return outputs;
}

/** The provider's private data, with the old keys that only another plugin knows. The provider's own keys take precedence. */
function metaText(data: Uint8Array, old: Value): string {
  const text = Buffer.from(data).toString('utf8');
  const [before, now] = [parseMeta(typeof old === 'string' ? old : ''), parseMeta(text)];
  if (Object.keys(before).every((key) => key in now)) return text === 'null' ? '' : text;
  return JSON.stringify({ ...before, ...now });
}

/** Sets a time limit of Pulumi's `customTimeouts`, which Terraform's providers read from the private data. */
export function withTimeout(
  data: Uint8Array,
  operation: 'create' | 'update' | 'delete',
  seconds: number,
): Uint8Array {
  if (!seconds) return data;
  const meta = parseMeta(Buffer.from(data).toString('utf8'));
  const limits = (meta[TIMEOUTS] ?? {}) as Record<string, number>;
  return Buffer.from(JSON.stringify({ ...meta, [TIMEOUTS]: { ...limits, [operation]: seconds * 1e9 } }));
}

/** The paths of outputs that the provider declares sensitive, whether or not the program does. */
export function sensitivePaths(
  outputs: Record<string, Value>,
  shape: ObjectShape,
  path: string[] = [],
): SecretPaths {
  return shape.fields.flatMap((field) => {
    const value = outputs[field.pulumi] ?? null;
    const at = [...path, field.pulumi];
    if (value === null) return [];
    if (field.sensitive) return [at];
    return sensitiveWithin(value, field.shape, at);
  });
}

function sensitiveWithin(value: Value, shape: Shape, path: string[]): SecretPaths {
  if (shape.kind === 'object') return sensitivePaths(value as Record<string, Value>, shape, path);
  if (shape.kind !== 'list' && shape.kind !== 'set') return [];
  if (shape.flat) return sensitiveWithin(value, shape.element, path);
  // As with the program's own secrets, a secret within a list makes the list secret.
  const inner =
    Array.isArray(value) && value.some((element) => sensitiveWithin(element, shape.element, path).length > 0);
  return inner ? [path] : [];
}

/** A packed null: "no such resource". */
export const PACKED_NULL = pack(null);

function parseMeta(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text || '{}') as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}
