/** `./switchyard status`: where a stack is, whether it is well, and what it serves. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { settingsSchema } from '../domain/schema/settings-schema.ts';
import { type StackContainer, stackContainers, unknownContainers } from '../engine/containers.ts';
import { isReady } from '../engine/health.ts';
import { type AgeLimits, type KeyAge, keyAges } from '../keys/key-ages.ts';
import { type Output, withOutput } from '../console/output.ts';
import { stackSettings } from '../engine/stack-settings.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackOutputs, stackState } from '../engine/stack-state.ts';

/** Adds `status` to the command line. */
export function register(program: Command): void {
  program
    .command('status')
    .description('endpoint, health, models served and left out, image, age of keys')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(status));
}

async function status(out: Output, stack: string): Promise<void> {
  await ensureReady({ need: ['pulumi', 'docker'], onProgress: out.progress });
  const [outputs, { resources }, containers] = await Promise.all([
    stackOutputs(stack),
    stackState(stack),
    stackContainers(stack),
  ]);
  const basics = outputs.endpoint === undefined ? undefined : unlessRefused(readBasics(stack, outputs));
  const endpoint = basics?.endpoint ?? null;
  const unknown = unknownContainers(containers, resources);
  const report = {
    stack,
    endpoint,
    healthy: endpoint !== null && (await isReady(endpoint)),
    models: basics?.models ?? [],
    leftOut: basics?.leftOut ?? [],
    image: containers.find((container) => container.role === 'gateway')?.image ?? null,
    keys: keyAges(stack, resources, await ageLimits(stack), new Date()),
    containers: containers.map(({ name, role, state, status: word }) => ({
      name,
      role,
      state,
      status: word,
    })),
    unknownContainers: [...unknown.ours, ...unknown.foreign].map((container) => container.name),
  };
  if (!report.healthy) process.exitCode = 1;
  out.result(report, text(report, containers));
}

/** The stack's own limits; the usual ones where its files are broken, which must not hide how it is. */
function ageLimits(stack: string): Promise<AgeLimits> {
  return stackSettings(stack).then(
    ({ keyAge }) => keyAge,
    () => settingsSchema.shape.keyAge.parse({}),
  );
}

function text(
  r: {
    stack: string;
    endpoint: string | null;
    healthy: boolean;
    models: string[];
    leftOut: { model: string; reason: string }[];
    keys: KeyAge[];
    unknownContainers: string[];
  },
  containers: StackContainer[],
): string {
  return [
    `${r.stack}  ${r.endpoint ?? 'not deployed'}  ${r.healthy ? pc.green('healthy') : pc.red('not healthy')}`,
    `  models    ${r.models.join(', ') || 'none'}`,
    ...r.leftOut.map((model) => `  left out  ${model.model}: ${model.reason}`),
    ...containers.map((container) => `  ${container.role.padEnd(9)} ${container.name}  ${container.status}`),
    ...r.keys.map((key) => `  key       ${key.name}: ${key.days} days, ${key.state}`),
    ...r.unknownContainers.map(
      (name) => `  unknown   ${name}: not in this stack's state (docker rm --force ${name})`,
    ),
  ].join('\n');
}
