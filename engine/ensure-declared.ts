/** Checks that a stack was named on purpose, before it is created: a stack is declared by its settings file. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../console/errors.ts';
import type { Progress } from '../console/output.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { ROOT } from '../console/home-paths.ts';
import { portForNewStack } from './port.ts';
import { hasSettings, noSuchStack, requireDeclaredStack } from './stack-name.ts';
import { readRawConfig } from './stack-settings.ts';

/**
 * Makes sure that a stack is declared, so that a misspelt name creates nothing. A stack is declared if it has a settings file or exists in
 * the backend. With `port`, the settings file of a new stack is written.
 *
 * @param port the port of a new stack; undefined to accept existing stacks only.
 * @throws UserError with the name that was probably meant, and the command that creates a new stack.
 */
export async function ensureDeclared(
  stack: string,
  port: number | undefined,
  progress: Progress,
): Promise<void> {
  if (port !== undefined) return writeSettings(stack, port, progress);
  if (hasSettings(stack)) return;
  await requireDeclaredStack(stack).catch(async () => {
    throw noSuchStack(stack, { create: `./switchyard up ${stack} --port ${await portForNewStack()}` });
  });
}

function writeSettings(stack: string, port: number, progress: Progress): void {
  const file = stackFileName(stack);
  if (hasSettings(stack)) {
    const configured = readRawConfig(stack).config.port;
    if (Number(configured) === port) return;
    throw new UserError(`${file} exists already: --port is for a new stack`, {
      where: file,
      found: configured === undefined ? 'no port' : `port ${configured}`,
      command: `pulumi config set port ${port} --stack ${stack}`,
    });
  }
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(stack))
    throw new UserError('invalid stack name', {
      found: stack,
      allowed: 'letters, digits, ".", "_" and "-", beginning with a letter or digit; at most 100 characters',
    });
  writeFileSync(join(ROOT, file), settingsText(stack, port), { flag: 'wx' });
  progress(`wrote ${file}: the settings of the new stack ${stack}, port ${port}; commit it`);
}

/** The content of a new stack's settings file. Keys and further settings are added below it. */
function settingsText(stack: string, port: number): string {
  return [
    '# yaml-language-server: $schema=./domain/editor-schemas/stack.schema.json',
    '#',
    `# The ${stack} stack. Keys: pulumi config set --secret OPENAI_API_KEY --stack ${stack} (asks for the value, writes it here encrypted).`,
    '# All settings and their values: docs/configuration.md.',
    'config:',
    `  switchyard:port: "${port}"`,
    '',
  ].join('\n');
}
