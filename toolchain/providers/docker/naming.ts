import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import { createHash, randomBytes } from 'node:crypto';
import type { Value } from '../../plugin/properties.ts';
import type { ResourceShape } from './shape.ts';

/** The names of the inputs that the plugin filled in itself, kept with them as the official plugin does. */
export const DEFAULTS = '__defaults';

const { Mode } = providerProto.CheckRequest.AutonamingOptions;

/** Whether Pulumi names resources of this type when the program does not. An image's name says which image. */
export function isNamedByUs(shape: ResourceShape): boolean {
  const name = shape.fields.find(({ tf }) => tf === 'name');
  return shape.type !== 'docker_image' && !!name && (name.required || name.optional);
}

/** Whether the name that a resource bears was made by Pulumi, so that a successor can stand beside it. */
export function hasAutomaticName(inputs: Record<string, Value>): boolean {
  const defaults = inputs[DEFAULTS];
  return Array.isArray(defaults) && defaults.includes('name');
}

/**
 * Completes the inputs with a name where the program gives none: the old one where there is a resource already, else
 * the resource's own with seven random hexadecimal digits, so that a successor does not collide with it.
 */
export function withName(
  news: Record<string, Value>,
  olds: Record<string, Value>,
  request: providerProto.CheckRequest,
  shape: ResourceShape,
): Record<string, Value> {
  const given = Object.fromEntries(Object.entries(news).filter(([name]) => name !== DEFAULTS));
  if (given['name'] !== undefined || !isNamedByUs(shape)) return { ...given, [DEFAULTS]: [] };
  const options = request.getAutonaming();
  if (options?.getMode() === Mode.DISABLE) return { ...given, [DEFAULTS]: [] };
  const name = hasAutomaticName(olds)
    ? (olds['name'] ?? null)
    : options?.getProposedName() || `${request.getName()}-${suffix(request.getRandomseed_asU8())}`;
  return { ...given, name, [DEFAULTS]: ['name'] };
}

/** The engine's seed makes an update take the name that its plan has shown. */
function suffix(seed: Uint8Array): string {
  const digest =
    seed.length > 0 ? createHash('sha256').update(seed).digest('hex') : randomBytes(4).toString('hex');
  return digest.slice(0, 7);
}
