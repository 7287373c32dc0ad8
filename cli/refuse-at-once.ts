/** What `keys rotate --now` does before it deploys: the old key is refused within seconds, not only by the new containers. */
import { Interrupted, UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import type { RawOutputs } from '../domain/read/outputs-reader.ts';
import { createAlone } from '../engine/create-alone.ts';
import { revealedResources } from '../engine/deployed.ts';
import { deploymentInstance, resourceName, type StateResource } from '../engine/stack-state.ts';
import { acceptOnly, acceptToo } from '../infra/client-keys.ts';
import { withMasterKey } from '../keys/current-outputs.ts';
import { masterGeneration } from '../keys/key-ages.ts';
import {
  applyKeyList,
  describeNotApplied,
  keyHolders,
  type KeyListChange,
  type NotApplied,
} from '../keys/key-list.ts';
import { masterKeys } from '../keys/serving-key.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';

/** A step of the rotation, and how long it took. */
export interface TimedStep {
  step: string;
  ms: number;
}

/** How the old key was refused. Printed by `--json`. */
export interface AtOnce {
  /** From the start of the command until every gateway, and Portkey, refused the old key; absent if only the deployment achieves that. */
  oldKeyRefusedAfterMs?: number;
  /** From the moment at which the list without the old key was written. */
  keyListMs?: number;
  steps: TimedStep[];
}

/** What to rotate to. */
export interface AtOnceOptions {
  stack: string;
  generation: number;
  /** The stack's outputs before the rotation. */
  outputs: RawOutputs;
  /** Its resources. */
  resources: readonly StateResource[];
  /** Whether to write the client files, and to which folder. */
  connect: boolean;
  dir?: string | undefined;
  /** Whether running streams of the old key end. */
  endStreams: boolean;
  /** When the command started: milliseconds since 1970. */
  begun: number;
}

/**
 * Creates the new key alone, has every running container accept it too, writes it into the client files, and then has the containers
 * refuse every other master key. In this order there is always a valid key in the client files. If a step is not possible, it says so
 * and leaves the rest to the deployment.
 *
 * @throws Interrupted after a Ctrl-C while the key is created.
 */
export async function refuseAtOnce(out: Output, options: AtOnceOptions): Promise<AtOnce> {
  const { stack, generation, outputs, resources, begun } = options;
  const steps: TimedStep[] = [];
  const instance = deploymentInstance(resources);
  const holders = await keyHolders(stack, instance);
  if (!holders.some(({ role, state }) => role === 'gateway' && state === 'running')) {
    out.progress('no gateway is running, so none accepts the old key: deploying');
    return { steps };
  }
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const start = Date.now();
    const result = await work();
    steps.push({ step, ms: Date.now() - start });
    out.progress(`${step}: ${seconds(Date.now() - start)}`);
    return result;
  };
  const fallBack = (reason: string): AtOnce => {
    out.warn(`${reason}: deploying; the old key is accepted until that has ended`);
    return { steps };
  };

  const keys = await newKey(out, options, timed);
  if ('reason' in keys) return fallBack(`the new key could not be created alone (${keys.reason})`);
  const { key, refused } = keys;
  const apply = (change: KeyListChange['change'], refuse: readonly string[]): Promise<NotApplied[]> =>
    applyKeyList(stack, instance, { change, accepted: key, refused: refuse });

  const without = await timed('new key accepted by every container', () =>
    apply((file) => acceptToo(file, key), []),
  );
  if (without.length > 0) return fallBack(describeNotApplied(without));
  if (options.connect)
    await timed('client files', () =>
      writeFiles(out, options, withMasterKey(outputs, String(outputs.masterKey), key)),
    );
  const listed = Date.now();
  const accepting = await timed('old key refused by every container', () =>
    apply((file) => acceptOnly(file, key, options.endStreams), refused),
  );
  if (accepting.length > 0) return fallBack(describeNotApplied(accepting));
  out.progress(`master key ${generation} is the only one that is accepted: deploying it`);
  return { oldKeyRefusedAfterMs: Date.now() - begun, keyListMs: Date.now() - listed, steps };
}

/** The new key, created if the state does not have it yet, and all others of the state. */
async function newKey(
  out: Output,
  { stack, generation, outputs, resources }: AtOnceOptions,
  timed: (step: string, work: () => Promise<void>) => Promise<void>,
): Promise<{ key: string; refused: string[] } | { reason: string }> {
  const urns = resources.map(({ urn }) => urn);
  const sibling = urns.find((urn) => masterGeneration(resourceName({ urn })) !== undefined) ?? '';
  const urn = `${sibling.slice(0, sibling.lastIndexOf('::'))}::master-key-${generation}`;
  try {
    if (!urns.includes(urn)) await timed('new key created', () => createAlone(out, stack, urn));
    const keys = masterKeys(await revealedResources(stack));
    const key = keys.get(generation);
    if (key === undefined) return { reason: 'it is not in the state' };
    const refused = new Set([...keys.values(), String(outputs.masterKey)]);
    refused.delete(key);
    return { key, refused: [...refused] };
  } catch (error) {
    if (error instanceof Interrupted || !(error instanceof UserError)) throw error;
    return { reason: error.message };
  }
}

/** Files that cannot be written must not keep a leaked key alive: the deployment's own attempt reports them. */
async function writeFiles(out: Output, { stack, dir }: AtOnceOptions, outputs: RawOutputs): Promise<void> {
  try {
    await connectUnlessOwned(out, stack, outputs, { dir });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    out.warn(`the client files were not written: ${error.message}`);
  }
}

/**
 * Runs a part of the rotation, and adds to its failure what is true of the old key, and how the rotation is completed.
 *
 * @param isRefused whether every running container refuses the old key already.
 * @throws UserError, or Interrupted, with both.
 */
export async function withKeyState<T>(
  stack: string,
  isRefused: () => boolean,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const state = isRefused()
      ? 'the old key is refused already, and the new one accepted'
      : 'the old key may still be accepted';
    const message = `${error.message}\n${state}; to complete the rotation: ./switchyard keys rotate ${stack}`;
    const { where, found, allowed, command, cause } = error;
    const given = Object.entries({ where, found, allowed, command, cause });
    const fields = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    throw error instanceof Interrupted
      ? new Interrupted(message, error.exitCode, fields)
      : new UserError(message, fields);
  }
}

/** `0.8 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
