/** `./switchyard keys import`: provider keys from an env file into a stack's secrets, without echo. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { parseCatalog } from '../domain/read/catalog-file.ts';
import { formatProblems } from '../domain/diagnostics/problems.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { CATALOG_FILE, template } from '../stacks/load.ts';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { pulumi, ROOT } from '../engine/pulumi-run.ts';
import { ensureNamed } from '../engine/ensure-named.ts';
import { knownStacks } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { ensureStack } from '../engine/stack-state.ts';
import { type EnvVariable, parseEnvFile } from '../keys/env-file.ts';
import { isPlaceholder, ownerOfKey, whyUnknown } from '../keys/key-advice.ts';
import { keyPattern, knownKeyNames } from '../keys/key-names.ts';

/** What an import does with each line of the file: names and line numbers, never a value. */
export interface ImportPlan {
  /** New or changed keys. */
  set: EnvVariable[];
  /** Keys that the stack has already, with this very value. */
  unchanged: string[];
  /** What is left alone, and why. */
  ignored: { line: number; name?: string; reason: string }[];
  /** Keys that are set although they do not look like their provider's. */
  odd: string[];
}

/** Adds `keys import`. */
export function register(keys: Command): void {
  keys
    .command('import')
    .description('set provider keys from an env file (NAME=value); nothing is printed but names')
    .argument('<file>', 'the env file, e.g. .env.master; - reads standard input')
    .argument('[stack]', 'the stack', 'dev')
    .action(withOutput(importKeys));
}

async function importKeys(out: Output, file: string, stack: string): Promise<void> {
  await ensureNamed(stack, undefined, out.progress);
  const { variables, malformed } = parseEnvFile(await readEnvFile(out, file));
  const { catalog, problems } = parseCatalog(template('catalog.yaml'), CATALOG_FILE);
  if (catalog === undefined) throw new UserError(formatProblems(problems));
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  await ensureStack(stack, { onLine: out.progress });
  const plan = planImport(variables, malformed, catalog, await presentSecrets(stack));
  await setAll(out, stack, plan.set);
  for (const name of plan.odd)
    out.warn(`${name} does not look like a key of its provider; it is set all the same`);
  const set = plan.set.map((variable) => variable.name);
  out.result(
    { stack, set, unchanged: plan.unchanged, ignored: plan.ignored, odd: plan.odd },
    report(stack, plan),
  );
}

/**
 * Decides about each variable.
 *
 * @param malformed the lines that are no assignments.
 * @param present the stack's secrets, decrypted.
 * @throws UserError if a known name has a value that cannot be a key, or two different ones: nothing is set then.
 */
export function planImport(
  variables: readonly EnvVariable[],
  malformed: readonly number[],
  catalog: Catalog,
  present: Readonly<Record<string, string>>,
): ImportPlan {
  const known = new Set(knownKeyNames(catalog));
  const plan: ImportPlan = { set: [], unchanged: [], ignored: [], odd: [] };
  for (const line of malformed) plan.ignored.push({ line, reason: 'not understood; expected: NAME=value' });
  const chosen = new Map<string, EnvVariable>();
  for (const variable of variables) {
    const { name, value, line } = variable;
    const earlier = chosen.get(name);
    if (!known.has(name)) plan.ignored.push({ line, name, reason: whyUnknown(name, [...known]) });
    else if (value === '') plan.ignored.push({ line, name, reason: 'empty' });
    else if (isPlaceholder(catalog, name, value))
      plan.ignored.push({ line, name, reason: 'a placeholder, not a key; put your key in its place' });
    else if (/[^\x21-\x7e]/.test(value)) {
      throw new UserError(
        `the value of ${name} cannot be a key: it has a space or a character that no header takes`,
        {
          where: `line ${line}`,
          allowed: 'letters, digits and punctuation; nothing was set',
        },
      );
    } else if (earlier !== undefined && earlier.value !== value) {
      throw new UserError(`${name} is there twice, with different values`, {
        where: `lines ${earlier.line} and ${line}`,
        allowed: `one of them; a second key of the same provider is ${name.replace(/_\d$/, '')}_2. Nothing was set`,
      });
    } else chosen.set(name, variable);
  }
  for (const variable of chosen.values()) {
    refuseForeignKey(catalog, variable);
    if (present[variable.name] === variable.value) plan.unchanged.push(variable.name);
    else plan.set.push(variable);
    if (keyPattern(catalog, variable.name)?.test(variable.value) === false) plan.odd.push(variable.name);
  }
  plan.ignored.sort((a, b) => a.line - b.line);
  return plan;
}

/** One provider's key under another one's name would be sent to that other one. */
function refuseForeignKey(catalog: Catalog, { name, value, line }: EnvVariable): void {
  const owner = ownerOfKey(catalog, name, value);
  if (owner === undefined) return;
  throw new UserError(`the value of ${name} looks like a key of ${owner}`, {
    where: `line ${line}`,
    allowed: `a key of the provider that ${name} belongs to; nothing was set`,
    command: `pulumi config set --secret ${name}   # if it is right all the same`,
  });
}

async function readEnvFile(out: Output, file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) out.warn(`others on this machine may read ${file}: chmod 600 ${file}`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const forgotten = knownStacks().includes(file);
    throw new UserError('the env file cannot be read', {
      where: file,
      found: forgotten ? `no such file; ${file} is the name of a stack` : (error as Error).message,
      ...(forgotten ? { command: `./switchyard keys import <file> ${file}` } : {}),
    });
  }
}

/** The stack's secrets, decrypted: to tell what changes, so that an unchanged key is not encrypted anew. */
async function presentSecrets(stack: string): Promise<Record<string, string>> {
  const { stdout } = await pulumi(stack, ['config', '--json', '--show-secrets']);
  const config = JSON.parse(stdout) as Record<string, { value?: string; secret: boolean }>;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, { secret }]) => secret)
      .map(([name, { value }]) => [name.replace(/^switchyard:/, ''), value ?? '']),
  );
}

/** Sets all or, where one fails, none: the stack's file is put back. Values travel by standard input alone. */
async function setAll(out: Output, stack: string, variables: readonly EnvVariable[]): Promise<void> {
  const path = join(ROOT, `Pulumi.${stack}.yaml`);
  const before = await readFile(path, 'utf8').catch(() => undefined);
  try {
    for (const { name, value } of variables) {
      out.progress(`setting ${name}`);
      await pulumi(stack, ['config', 'set', '--secret', name], { input: value });
    }
  } catch (error) {
    if (before !== undefined) await writeFile(path, before);
    throw error;
  }
}

function report(stack: string, plan: ImportPlan): string {
  const names = plan.set.map((variable) => variable.name);
  return [
    ...names.map((name) => `set        ${name}`),
    ...plan.unchanged.map((name) => `unchanged  ${name}`),
    ...plan.ignored.map(({ line, name, reason }) => `ignored    ${name ?? `line ${line}`}: ${reason}`),
    names.length === 0 ? `${stack}: no key changed` : `next       ./switchyard up ${stack}`,
  ].join('\n');
}
