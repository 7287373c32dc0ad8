/** `./switchyard keys rotate`: a new master key, with or without a grace period in which the old one is still accepted. */
import type { Command } from 'commander';
import { describeLeftAlone, describeOff } from '../client/connect-text.ts';
import type { LeftAlone, StaysOff } from '../client/connect-types.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { readBasics, type RawOutputs } from '../domain/read/outputs-reader.ts';
import type { Basics } from '../domain/schema/outputs-schema.ts';
import { deploy } from '../engine/deploy.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { revealedResources } from '../engine/deployed.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { ensureStack, stackOutputs, stackState } from '../engine/stack-state.ts';
import { parseDuration } from '../console/time-options.ts';
import { deployedGeneration } from '../keys/key-ages.ts';
import { planRotation, type Rotation } from '../keys/rotation.ts';
import { olderServingGeneration, servingGeneration } from '../keys/serving-key.ts';
import { waitForKey } from '../keys/wait-for-key.ts';
import { rotateVirtualKey } from './rotate-virtual-key.ts';
import { type AtOnce, refuseAtOnce, seconds, withKeyState } from './refuse-at-once.ts';

interface RotateOptions {
  grace: string;
  key?: string;
  now?: boolean;
  endStreams?: boolean;
  again?: boolean;
  connect: boolean;
  dir?: string;
}

/** The results beside the rotation itself. */
interface Results {
  files: readonly string[];
  leftAlone: LeftAlone | undefined;
  off: StaysOff | undefined;
  atOnce: AtOnce | undefined;
}

/** Adds `keys rotate`. */
export function register(keys: Command): void {
  keys
    .command('rotate')
    .description(
      'create a new master key: deploy it, wait until it is accepted, update the client files if they belong to this stack',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option('--grace <time>', 'how long the old key is still accepted: 90s, 30m, 24h, 7d', '24h')
    .option('--key <alias>', 'rotate this virtual key instead of the master key')
    .option('--now', 'after a leak: refuse the old key within seconds, before the deployment')
    .option('--end-streams', 'with --now: end the running streams of the old key too')
    .option(
      '--again',
      'rotate even during the grace period of the previous key; the one before that is refused then',
    )
    .option('--no-connect', 'do not write the client files')
    .option('--dir <folder>', 'write the client files to this folder instead of your opencode folders')
    .action(withOutput(rotate));
}

async function rotate(out: Output, stack: string, options: RotateOptions): Promise<void> {
  const begun = Date.now();
  const graceMs = parseDuration(options.grace, '--grace');
  if (options.endStreams && !options.now)
    throw new UserError('--end-streams needs --now', {
      command: `./switchyard keys rotate ${stack} --now --end-streams`,
    });
  await requireStack(stack);
  if (options.key !== undefined) {
    await rotateVirtualKey(out, stack, { ...options, key: options.key }, graceMs);
    return;
  }
  const { masterKey } = await stackSettings(stack);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  await ensureStack(stack);
  const { resources } = await stackState(stack);
  const deployed = deployedGeneration(resources);
  if (deployed === undefined) {
    throw new UserError(`stack ${stack} has no master key yet`, { command: `./switchyard up ${stack}` });
  }
  const serving =
    servingGeneration(stack, resources) ?? olderServingGeneration(await revealedResources(stack)) ?? deployed;
  const rotation = planRotation(masterKey, { deployed, serving }, new Date(), { ...options, graceMs });
  const isNow = rotation.kind === 'now';
  const before = isNow ? await stackOutputs(stack) : {};
  const leaked = before.masterKey;
  let atOnce: AtOnce | undefined;
  const work = async (): Promise<RawOutputs> => {
    await writeRotation(out, stack, rotation);
    // There is no old key if no deployment was ever completed.
    if (isNow && typeof leaked === 'string')
      atOnce = await refuseAtOnce(out, {
        ...{ stack, generation: rotation.generation, outputs: before, resources, begun },
        ...{ connect: options.connect, dir: options.dir, endStreams: options.endStreams === true },
      });
    const deploying = Date.now();
    await deploy(out, stack);
    atOnce?.steps.push({ step: 'deployment', ms: Date.now() - deploying });
    const outputs = await stackOutputs(stack);
    await verifyKeys(out, unlessRefused(readBasics(stack, outputs)), leaked);
    return outputs;
  };
  const isRefused = (): boolean => atOnce?.oldKeyRefusedAfterMs !== undefined;
  const outputs = isNow ? await withKeyState(stack, isRefused, work) : await work();
  const { connected, leftAlone, off } = options.connect
    ? await connectUnlessOwned(out, stack, outputs, { dir: options.dir })
    : {};
  const files = connected?.files.map(({ path }) => path) ?? [];
  const { generation, previousUntil } = rotation;
  out.result(
    {
      ...{
        stack,
        generation,
        rotated: rotation.kind !== 'finish' && rotation.interrupted !== true,
        previousUntil: previousUntil ?? null,
        files,
      },
      clientFilesLeftAlone: leftAlone,
      clientFilesOff: off,
      ...atOnce,
    },
    report(stack, rotation, { files, leftAlone, off, atOnce }),
  );
}

/** Writes the new generation into the stack's file. In this order an interruption leaves either the old or the new settings. */
async function writeRotation(out: Output, stack: string, rotation: Rotation): Promise<void> {
  const { kind, generation, previousUntil, interrupted, repeated } = rotation;
  if (interrupted) {
    out.progress(`a rotation to key ${generation} was interrupted: completing it; the old key is refused`);
    return;
  }
  if (kind === 'finish') {
    out.progress(
      `a rotation to key ${generation} is in progress: finishing it (--again creates another key)`,
    );
    return;
  }
  if (repeated)
    out.progress(
      `the last rotation to key ${generation} was not completed: repeating it, with a new grace period`,
    );
  if (previousUntil === undefined) await pulumi(stack, ['config', 'rm', '--path', 'masterKey.previousUntil']);
  await pulumi(stack, [
    'config',
    'set-all',
    '--path',
    ...['--plaintext', `masterKey.generation=${generation}`],
    ...(previousUntil === undefined ? [] : ['--plaintext', `masterKey.previousUntil=${previousUntil}`]),
  ]);
}

/** Verifies with the running gateway that the new key is accepted, and the leaked one refused. */
async function verifyKeys(out: Output, { endpoint, masterKey }: Basics, leaked: unknown): Promise<void> {
  await out.step('waiting until the new key is accepted', () => waitForKey(endpoint, masterKey, 200));
  if (typeof leaked !== 'string') return;
  await out.step('waiting until the old key is refused', () => waitForKey(endpoint, leaked, 401));
}

function report(
  stack: string,
  { generation, previousUntil }: Rotation,
  { files, leftAlone, off, atOnce }: Results,
): string {
  return [
    `${stack} now has master key ${generation}`,
    previousUntil === undefined
      ? `  the old key ${describeAtOnce(atOnce)}`
      : `  the old key is accepted until ${previousUntil}: update other clients by then`,
    ...(atOnce?.steps ?? []).map(({ step, ms }) => `  ${seconds(ms).padStart(7)}  ${step}`),
    ...files.map((file) => `  wrote ${file}`),
    ...(leftAlone ? [`  client files: ${describeLeftAlone(leftAlone)}`] : []),
    ...(off ? [`  client files: ${describeOff(off)}`] : []),
    `  read it: pulumi stack output masterKey --show-secrets --stack ${stack}`,
  ].join('\n');
}

function describeAtOnce({ oldKeyRefusedAfterMs: total, keyListMs: list }: Partial<AtOnce> = {}): string {
  return total === undefined || list === undefined
    ? 'is refused'
    : `was refused everywhere after ${seconds(total)}, ${seconds(list)} after it was removed from the list`;
}
