/** `./switchyard status`: a stack's endpoint, health and models. */
import type { Command } from 'commander';
import { readBasics, readPlan, type RawOutputs } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { settingsSchema } from '../domain/schema/settings-schema.ts';
import { stackContainers, unknownContainers } from '../engine/containers.ts';
import { isReady } from '../engine/health.ts';
import { unfinishedRotation } from '../keys/current-outputs.ts';
import { type AgeLimits, keyAges } from '../keys/key-ages.ts';
import { keyStatus } from '../keys/wait-for-key.ts';
import { type Output, withOutput } from '../console/output.ts';
import { currentLockOwner } from '../engine/own-runs.ts';
import { requireStack } from '../engine/stack-name.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackOutputs, stackState } from '../engine/stack-state.ts';
import { ledgerStates } from '../engine/usage-report.ts';
import { ledgerReport, type StatusReport, statusText, type UnfinishedRotation } from './status-text.ts';

/** Adds `status` to the command line. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show endpoint, health, served and unavailable models, image, age of keys')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(status));
}

async function status(out: Output, stack: string): Promise<void> {
  await requireStack(stack);
  await ensureReady({ need: ['pulumi', 'docker'], onProgress: out.progress });
  const report = await out.step(`checking ${stack}`, () => reportOf(stack));
  if (!report.healthy) process.exitCode = 1;
  out.result(report, statusText(report));
}

async function reportOf(stack: string): Promise<StatusReport> {
  // In this order a container that a run has created is in the state, or the run's lock still exists.
  const containers = await stackContainers(stack);
  const change = currentLockOwner(stack);
  const [outputs, { resources }] = await Promise.all([stackOutputs(stack), stackState(stack)]);
  const basics = outputs.endpoint === undefined ? undefined : unlessRefused(readBasics(stack, outputs));
  const endpoint = basics?.endpoint ?? null;
  const unknown = await stillUnknown(unknownContainers(containers, resources), stack);
  return {
    stack,
    endpoint,
    healthy: endpoint !== null && (await isReady(endpoint)),
    change: change ?? null,
    models: basics?.models ?? [],
    leftOut: basics?.leftOut ?? [],
    image: containers.find((container) => container.role === 'gateway')?.image ?? null,
    // One in progress is no failure.
    rotation: change === undefined ? await rotationStatus(stack, outputs, endpoint) : null,
    ...ledgerReport(await ledgerStates(containers), hasLimits(stack, outputs)),
    keys: keyAges(stack, resources, await ageLimits(stack), new Date()),
    containers: containers.map(({ name, role, state, status: text }) => ({
      name,
      role,
      state,
      status: text,
    })),
    // What a run in progress has created is not in the state yet.
    unknownContainers: change === undefined ? [...unknown.orphans, ...unknown.unmanaged] : [],
    foreignContainers: change === undefined ? unknown.unmanaged : [],
  };
}

/** Whether the deployed stack has budgets or rate limits. */
function hasLimits(stack: string, outputs: RawOutputs): boolean {
  const plan = readPlan(stack, outputs);
  return 'value' in plan && plan.value?.settings.limits !== undefined;
}

/** An unfinished rotation, and whether the gateways refuse the key in the outputs already. */
async function rotationStatus(
  stack: string,
  outputs: RawOutputs,
  endpoint: string | null,
): Promise<UnfinishedRotation | null> {
  const rotation = await unfinishedRotation(stack, outputs);
  if (rotation === undefined) return null;
  const key = String(outputs.masterKey);
  const status = endpoint === null ? undefined : await keyStatus(endpoint, key).catch(() => undefined);
  return { generation: rotation.generation, oldKeyRefused: status === 401 };
}

/** The names of those that still exist: a run may have removed one since they were listed. */
async function stillUnknown(
  unknown: ReturnType<typeof unknownContainers>,
  stack: string,
): Promise<{ orphans: string[]; unmanaged: string[] }> {
  const listed = [...unknown.orphans, ...unknown.unmanaged];
  const there = new Set(listed.length === 0 ? [] : (await stackContainers(stack)).map(({ id }) => id));
  const names = (some: typeof listed): string[] =>
    some.filter(({ id }) => there.has(id)).map(({ name }) => name);
  return { orphans: names(unknown.orphans), unmanaged: names(unknown.unmanaged) };
}

/** The stack's limits; the defaults if its files have errors, which must not prevent a status report. */
function ageLimits(stack: string): Promise<AgeLimits> {
  return stackSettings(stack).then(
    ({ keyAge }) => keyAge,
    () => settingsSchema.shape.keyAge.parse({}),
  );
}
