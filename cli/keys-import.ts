/** `./switchyard keys import`: imports provider keys from an env file into a stack's secrets, without printing them. */
import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { requireCatalog } from '../stacks/load.ts';
import { UserError } from '../console/errors.ts';
import { interruptible } from '../console/interruptible.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { knownStacks, requireDeclaredStack } from '../engine/stack-name.ts';
import { ensureStack } from '../engine/stack-state.ts';
import { chooseKeys } from '../keys/choose-keys.ts';
import { decodeEnvFile } from '../keys/env-bytes.ts';
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
  await requireDeclaredStack(stack);
  const { variables, malformed } = parseEnvFile(await readEnvFile(out, file));
  const { catalog } = requireCatalog();
  // Before anything is set up: a file that is refused changes nothing.
  const chosen = chooseKeys(variables, malformed, { catalog, file, stack });
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  await ensureStack(stack);
  const plan = planImport(chosen, await presentSecrets(stack));
  await interruptible(out, TEXTS, (signal) => setSecrets(out, stack, plan.set, signal));
  for (const name of plan.unexpectedFormat)
    out.warn(`${name} does not look like a key of its provider; it is set nevertheless`);
  const { notes } = plan;
  const set = plan.set.map((variable) => variable.name);
  out.result(
    { stack, set, unchanged: plan.unchanged, ignored: plan.ignored, odd: plan.unexpectedFormat, notes },
    report(stack, plan),
  );
}

async function readEnvFile(out: Output, file: string): Promise<string> {
  if (file === '-') return decoded(await buffer(process.stdin), 'standard input');
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) out.warn(`other users of this machine can read ${file}: chmod 600 ${file}`);
    return decoded(await readFile(file), file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isStackName = knownStacks().includes(file);
    throw new UserError('the env file cannot be read', {
      where: file,
      found: isStackName ? `no such file; ${file} is the name of a stack` : (error as Error).message,
      ...(isStackName ? { command: `./switchyard keys import <file> ${file}` } : {}),
    });
  }
}

function decoded(bytes: Uint8Array, file: string): string {
  const decodedFile = decodeEnvFile(bytes);
  if ('text' in decodedFile) return decodedFile.text;
  throw new UserError('the env file cannot be decoded; nothing was set', {
    where: file,
    found: decodedFile.refused,
    allowed: 'UTF-8 or UTF-16',
  });
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
    ...plan.notes.map((note) => `note       ${note}`),
    ...plan.ignored.map(({ name, reason }) => `ignored    ${name}: ${reason}`),
    names.length === 0 ? `${stack}: no key changed` : `next       ./switchyard up ${stack}`,
  ].join('\n');
}
