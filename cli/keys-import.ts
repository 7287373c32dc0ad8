/** `./switchyard keys import`: imports provider keys from an env file into a stack's secrets, without printing them. */
import { readFile, stat } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { requireCatalog } from '../stacks/load.ts';
import { UserError } from '../console/errors.ts';
import { interruptible } from '../console/interruptible.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { knownStacks, requireNamedStack } from '../engine/stack-name.ts';
import { ensureStack } from '../engine/stack-state.ts';
import { parseEnvFile } from '../keys/env-file.ts';
import { type ImportPlan, planImport } from '../keys/import-plan.ts';
import { presentSecrets, setSecrets } from '../keys/stack-secrets.ts';

/** Adds `keys import`. */
export function register(keys: Command): void {
  keys
    .command('import')
    .description('set provider keys from an env file (NAME=value); prints names only')
    .argument('<file>', 'the env file, e.g. .env.master; - reads standard input')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(importKeys));
}

async function importKeys(out: Output, file: string, stack: string): Promise<void> {
  await requireNamedStack(stack);
  const { variables, malformed } = parseEnvFile(await readEnvFile(out, file));
  const { catalog } = requireCatalog();
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  await ensureStack(stack);
  const plan = planImport(variables, malformed, catalog, await presentSecrets(stack));
  await interruptible(out, TEXTS, (signal) => setSecrets(out, stack, plan.set, signal));
  for (const name of plan.unexpectedFormat)
    out.warn(`${name} does not look like a key of its provider; it is set nevertheless`);
  const set = plan.set.map((variable) => variable.name);
  out.result(
    { stack, set, unchanged: plan.unchanged, ignored: plan.ignored, odd: plan.unexpectedFormat },
    report(stack, plan),
  );
}

async function readEnvFile(out: Output, file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) out.warn(`other users of this machine can read ${file}: chmod 600 ${file}`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const isStackName = knownStacks().includes(file);
    throw new UserError('the env file cannot be read', {
      where: file,
      found: isStackName ? `no such file; ${file} is the name of a stack` : (error as Error).message,
      ...(isStackName ? { command: `./switchyard keys import <file> ${file}` } : {}),
    });
  }
}

/** The messages when an import is interrupted. */
const TEXTS = {
  stopping: 'stopping, and restoring the previous keys …',
  stopped: () => ({ message: 'interrupted; no key was set' }),
};

function report(stack: string, plan: ImportPlan): string {
  const names = plan.set.map((variable) => variable.name);
  return [
    ...names.map((name) => `set        ${name}`),
    ...plan.unchanged.map((name) => `unchanged  ${name}`),
    ...plan.ignored.map(({ line, name, reason }) => `ignored    ${name ?? `line ${line}`}: ${reason}`),
    names.length === 0 ? `${stack}: no key changed` : `next       ./switchyard up ${stack}`,
  ].join('\n');
}
