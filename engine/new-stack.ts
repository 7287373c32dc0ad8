/** Creates stacks: a stack is declared by its settings file, and the first `up` creates the rest. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../console/errors.ts';
import type { Progress } from '../console/output.ts';
import { addressesCollide } from '../domain/plan/next-port.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { isStackName, STACK_NAME_RULE } from '../domain/schema/stack-name-rule.ts';
import { ROOT } from '../console/home-paths.ts';
import { isFree, LOCAL_ADDRESS, portForNewStack, portOwner, stackAddresses } from './port.ts';
import { hasSettings, isInBackend, refuseFormerName } from './stack-name.ts';
import { readRawConfig } from './stack-settings.ts';

/** What a new stack listens on. */
export interface NewStackOptions {
  /** Its port; by default the first of 4000, 4100, … that is free. */
  port?: number | undefined;
  /** Its IPv4 address; by default 127.0.0.1. */
  bind?: string | undefined;
}

/** A stack that was created. */
export interface NewStack {
  stack: string;
  /** Its settings file, relative to the checkout. */
  file: string;
  bind: string;
  port: number;
}

/**
 * Creates a stack by writing its settings file. Nothing is deployed.
 *
 * @throws UserError if the name is not allowed or not new, or the port is in use by another stack or on this host.
 */
export async function createStack(
  stack: string,
  options: NewStackOptions = {},
  folder = ROOT,
): Promise<NewStack> {
  requireAllowedName(stack);
  if (hasSettings(stack, folder))
    throw new UserError(`stack ${stack} exists already`, {
      where: stackFileName(stack),
      command: `./switchyard up ${stack}`,
    });
  if (await isInBackend(stack))
    throw new UserError(`stack ${stack} exists already in the backend, without a settings file here`, {
      found: `no ${stackFileName(stack)}, which has its settings and encrypted keys`,
      allowed: 'its file from the checkout or the commit that has it, or another name',
      command: `./switchyard status ${stack}`,
    });
  return writeSettings(stack, options, folder);
}

/**
 * For `up --port`: creates the stack if it has no settings file yet.
 *
 * @throws UserError if it has one with another port; otherwise as {@link createStack}.
 */
export async function declareStack(
  stack: string,
  port: number,
  progress: Progress,
  folder = ROOT,
): Promise<void> {
  if (!hasSettings(stack, folder)) {
    requireAllowedName(stack);
    const { file } = await writeSettings(stack, { port }, folder);
    progress(`wrote ${file}: the settings of the new stack ${stack}, port ${port}; commit it`);
    return;
  }
  const there = readRawConfig(stack, folder).config.port;
  if (Number(there) === port) return;
  const file = stackFileName(stack);
  throw new UserError(`${file} exists already: --port is for a new stack`, {
    where: file,
    found: there === undefined ? 'no port' : `port ${there}`,
    command: `pulumi config set port ${port} --stack ${stack}`,
  });
}

function requireAllowedName(stack: string): void {
  if (isStackName(stack)) return;
  throw new UserError('invalid stack name', { found: stack, allowed: STACK_NAME_RULE });
}

async function writeSettings(stack: string, options: NewStackOptions, folder: string): Promise<NewStack> {
  refuseFormerName(stack);
  const bind = options.bind ?? LOCAL_ADDRESS;
  const port = options.port ?? (await portForNewStack(bind, folder));
  if (options.port !== undefined) await requireUnusedPort(bind, port, folder);
  const file = stackFileName(stack);
  // 'wx': of two concurrent runs only one creates the file.
  writeFileSync(join(folder, file), settingsText(stack, bind, port), { flag: 'wx' });
  return { stack, file, bind, port };
}

/** Refuses a port that another stack of this checkout has in its settings, or that is in use on this host. */
async function requireUnusedPort(bind: string, port: number, folder: string): Promise<void> {
  const other = stackAddresses(folder).find((one) => one.port === port && addressesCollide(one.bind, bind));
  const owner = other
    ? `the stack ${other.stack} (${stackFileName(other.stack)})`
    : (await isFree(bind, port))
      ? undefined
      : ((await portOwner(bind, port).catch(() => undefined)) ?? 'another process');
  if (owner === undefined) return;
  throw new UserError(`port ${port} is in use by ${owner}`, {
    allowed: `a free port, e.g. ${await portForNewStack(bind, folder)}`,
  });
}

/** The content of a new stack's settings file. Keys and further settings are added below it. */
function settingsText(stack: string, bind: string, port: number): string {
  return [
    '# yaml-language-server: $schema=./domain/editor-schemas/stack.schema.json',
    '#',
    `# The ${stack} stack. Keys: pulumi config set --secret OPENAI_API_KEY --stack ${stack} (asks for the value, writes it here encrypted).`,
    '# All settings and their values: docs/configuration.md.',
    'config:',
    ...(bind === LOCAL_ADDRESS ? [] : [`  switchyard:bind: ${bind}`]),
    `  switchyard:port: "${port}"`,
    '',
  ].join('\n');
}
