/** A stack's outputs with the master key that its gateways accept. */
import type { RawOutputs } from '../domain/read/outputs-reader.ts';
import { readGeneration } from '../domain/read/outputs-reader.ts';
import { revealedResources } from '../engine/deployed.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { stackOutputs } from '../engine/stack-state.ts';
import { isInGrace, unfinished } from './rotation.ts';
import { masterKeys } from './serving-key.ts';
import { keyStatus } from './wait-for-key.ts';

/**
 * The outputs. Between `keys rotate --now` and the end of its deployment, or after a rotation whose deployment failed and whose grace period
 * has ended, the gateways refuse the key in Pulumi's outputs and accept the next one: then that one is in the outputs returned here.
 *
 * @throws UserError if there is no such stack, or its passphrase is wrong.
 */
export async function currentOutputs(stack: string): Promise<RawOutputs> {
  const outputs = await stackOutputs(stack);
  const { endpoint, masterKey } = outputs;
  const { generation, inGrace } = (await unfinishedRotation(stack, outputs)) ?? {};
  if (generation === undefined || inGrace || typeof endpoint !== 'string' || typeof masterKey !== 'string')
    return outputs;
  const next = masterKeys(await revealedResources(stack)).get(generation);
  const isAccepted = next !== undefined && (await keyStatus(endpoint, next).catch(() => 0)) === 200;
  return isAccepted ? withMasterKey(outputs, masterKey, next) : outputs;
}

/** A rotation whose deployment has not ended, or failed. */
interface UnfinishedRotation {
  /** The generation of the new key. */
  generation: number;
  /** Whether the old key is accepted beside it. */
  inGrace: boolean;
}

/** The unfinished rotation of a stack; undefined if there is none, or if the settings have errors. */
export async function unfinishedRotation(
  stack: string,
  outputs: RawOutputs,
): Promise<UnfinishedRotation | undefined> {
  const settings = await stackSettings(stack).catch(() => undefined);
  const read = readGeneration(stack, outputs);
  if (settings === undefined || 'refusal' in read) return undefined;
  const generation = unfinished(settings.masterKey, read.value);
  return generation === undefined
    ? undefined
    : { generation, inGrace: isInGrace(settings.masterKey, new Date()) };
}

/** The same outputs with another master key, in the client files too. Keys are letters and digits: in JSON they are as they are. */
export function withMasterKey(outputs: RawOutputs, from: string, to: string): RawOutputs {
  return JSON.parse(JSON.stringify(outputs).replaceAll(from, to)) as RawOutputs;
}
