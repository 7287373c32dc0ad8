/** A stack's outputs with the master key that its gateways accept. */
import type { RawOutputs } from '../domain/read/outputs-reader.ts';
import { readGeneration } from '../domain/read/outputs-reader.ts';
import { revealedResources } from '../engine/deployed.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { stackOutputs } from '../engine/stack-state.ts';
import { unfinishedNow } from './rotation.ts';
import { masterKeys } from './serving-key.ts';
import { keyStatus } from './wait-for-key.ts';

/**
 * The outputs. Between `keys rotate --now` and the end of its deployment, or after a deployment that failed, the gateways refuse the key
 * in Pulumi's outputs already and accept the next one: then that one is in the outputs returned here.
 *
 * @throws UserError if there is no such stack, or its passphrase is wrong.
 */
export async function currentOutputs(stack: string): Promise<RawOutputs> {
  const outputs = await stackOutputs(stack);
  const { endpoint, masterKey } = outputs;
  const generation = await unfinishedGeneration(stack, outputs);
  if (generation === undefined || typeof endpoint !== 'string' || typeof masterKey !== 'string')
    return outputs;
  const next = masterKeys(await revealedResources(stack)).get(generation);
  const isAccepted = next !== undefined && (await keyStatus(endpoint, next).catch(() => 0)) === 200;
  return isAccepted ? withMasterKey(outputs, masterKey, next) : outputs;
}

/** The generation of an unfinished rotation by `--now`; undefined if there is none, or if the settings have errors. */
export async function unfinishedGeneration(stack: string, outputs: RawOutputs): Promise<number | undefined> {
  const settings = await stackSettings(stack).catch(() => undefined);
  const read = readGeneration(stack, outputs);
  if (settings === undefined || 'refusal' in read) return undefined;
  return unfinishedNow(settings.masterKey, read.value);
}

/** The same outputs with another master key, in the client files too. Keys are letters and digits: in JSON they are as they are. */
export function withMasterKey(outputs: RawOutputs, from: string, to: string): RawOutputs {
  return JSON.parse(JSON.stringify(outputs).replaceAll(from, to)) as RawOutputs;
}
