/** `./switchyard keys revoke`: a virtual key is refused within seconds, before the deployment. Of `default`, which always exists, the value is. */
import type { Command } from 'commander';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { DEFAULT_KEY } from '../domain/plan/key-plan.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { deploy } from '../engine/deploy.ts';
import { requireStack } from '../engine/stack-name.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { deploymentInstance, ensureStack, stackOutputs, stackState } from '../engine/stack-state.ts';
import { removeClientKey } from '../infra/client-keys.ts';
import { applyKeyList, describeNotApplied } from '../keys/key-list.ts';
import { keySetting, removeKeySetting, rotateKeySetting } from '../keys/virtual-key-settings.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { seconds } from './refuse-at-once.ts';

/** Adds `keys revoke`. */
export function register(keys: Command): void {
  keys
    .command('revoke')
    .description(
      'refuse a virtual key everywhere within seconds, remove it from the settings, and deploy; the key default gets a new value',
    )
    .argument('<alias>', 'its name')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(revoke));
}

async function revoke(out: Output, alias: string, stack: string): Promise<void> {
  const begun = Date.now();
  await requireStack(stack);
  const settings = await stackSettings(stack);
  const { generation } = keySetting(settings, alias);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  await ensureStack(stack);
  const { resources } = await stackState(stack);
  const outputs = await stackOutputs(stack);
  // First the settings: if this command is interrupted, the next `up` removes the key, or its value.
  if (alias === DEFAULT_KEY) await rotateKeySetting(stack, alias, generation + 1);
  else await removeKeySetting(stack, alias);
  const refusedAfterMs = await refuse(out, { stack, alias, resources, outputs, begun });
  try {
    await deploy(out, stack);
  } catch (error) {
    if (!(error instanceof UserError) || refusedAfterMs === undefined) throw error;
    throw new UserError(
      `${error.message}\nthe key is refused already; to complete this: ./switchyard up ${stack}`,
    );
  }
  await connectUnlessOwned(out, stack, await stackOutputs(stack), { onlyOwn: true });
  const how =
    refusedAfterMs === undefined ? '' : `: it was refused everywhere after ${seconds(refusedAfterMs)}`;
  const what = alias === DEFAULT_KEY ? `the previous value of the key "${alias}"` : `the key "${alias}"`;
  out.result(
    { stack, alias, ...(refusedAfterMs === undefined ? {} : { refusedAfterMs }) },
    `${stack} does not accept ${what} any more${how}`,
  );
}

interface Revoked {
  stack: string;
  alias: string;
  resources: Awaited<ReturnType<typeof stackState>>['resources'];
  outputs: Awaited<ReturnType<typeof stackOutputs>>;
  begun: number;
}

/** Removes the key from the lists of all running containers. Returns the milliseconds since the start; undefined if only the deployment can. */
async function refuse(
  out: Output,
  { stack, alias, resources, outputs, begun }: Revoked,
): Promise<number | undefined> {
  const values = (outputs.keys ?? {}) as Record<string, unknown>;
  const [accepted, refused] = [outputs.masterKey, values[alias]];
  if (typeof accepted !== 'string' || typeof refused !== 'string') return undefined;
  const instance = deploymentInstance(resources);
  const change = (file: string): string => removeClientKey(file, alias);
  const failed = await out.step(`refusing the key "${alias}"`, () =>
    applyKeyList(stack, instance, { change, accepted, refused: [refused] }),
  );
  if (failed.length === 0) return Date.now() - begun;
  out.warn(`${describeNotApplied(failed)}: deploying; the key is accepted until that has ended`);
  return undefined;
}
