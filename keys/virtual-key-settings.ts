/** Virtual keys in a stack's file: checked before anything is written. */
import { UserError } from '../console/errors.ts';
import { didYouMean, suggest } from '../domain/diagnostics/suggest.ts';
import { showValue } from '../domain/diagnostics/key-leaks.ts';
import { DEFAULT_KEY } from '../domain/plan/key-plan.ts';
import type { KeyLimits } from '../domain/render/key-limits.ts';
import type { Budget } from '../domain/schema/limits-schema.ts';
import { keyNameSchema, type Settings } from '../domain/schema/settings-schema.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { repeatCommand } from '../engine/stack-name.ts';
import { problemsWith, readRawConfig } from '../engine/stack-settings.ts';
import { newKeyError } from './new-key-problems.ts';

/** What a new virtual key's entry in the settings can have. */
export interface NewKey extends KeyLimits {
  owner?: string;
  models?: string[];
  lanes?: string[];
  budget?: Budget[];
  /** ISO 8601. */
  expires?: string;
}

/**
 * Writes a new virtual key into a stack's file.
 *
 * @throws UserError with all problems, before anything is written.
 */
export async function addKeySetting(stack: string, alias: string, key: NewKey): Promise<void> {
  requireKeyName(alias);
  checkNewKey(stack, alias, key);
  await pulumi(stack, [
    ...['config', 'set-all', '--path'],
    ...settingsOf(key).flatMap(([path, value]) => ['--plaintext', `keys.${alias}.${path}=${value}`]),
  ]);
}

/** A new key's entry as paths below it, each with its value: in this form Pulumi sets a part of a setting. */
export function settingsOf({ models = [], lanes = [], budget = [], ...rest }: NewKey): [string, string][] {
  const one = Object.entries({ generation: 1, ...rest }).filter(([, value]) => value !== undefined);
  return [
    ...one.map(([name, value]): [string, string] => [name, String(value)]),
    ...models.map((value, index): [string, string] => [`models[${index}]`, value]),
    ...lanes.map((value, index): [string, string] => [`lanes[${index}]`, value]),
    ...budget.flatMap(({ usd, window }, index): [string, string][] => [
      [`budget[${index}].usd`, String(usd)],
      [`budget[${index}].window`, window],
    ]),
  ];
}

/**
 * Checks the name of a new key alone. In an object of settings some names are lost before a check sees them (`__proto__`), and others hidden
 * in its message, because they may be keys.
 *
 * @throws UserError if it may not be a key's name.
 */
export function requireKeyName(alias: string): void {
  const { error } = keyNameSchema.safeParse(alias);
  if (error === undefined) return;
  throw new UserError('this name is not allowed for a key', {
    where: '<alias>',
    found: showValue(alias),
    allowed: error.issues.map(({ message }) => message.replace(/^expected /, '')).join('; '),
    command: './switchyard keys add --help',
  });
}

/** Checks a new key as if it were in the stack's file already. */
function checkNewKey(stack: string, alias: string, key: NewKey): void {
  const { config } = readRawConfig(stack);
  const keys = JSON.parse(config.keys ?? '{}') as Record<string, unknown>;
  if (Object.hasOwn(keys, alias)) {
    throw new UserError(`stack ${stack} has a key "${alias}" already`, {
      allowed: `another name; to change it, edit keys.${alias} in ${stackFileName(stack)}, then up; for a new value, rotate it`,
      command: `./switchyard keys rotate ${stack} --key ${alias}`,
    });
  }
  const error = newKeyError(alias, problemsWith(stack, { keys: JSON.stringify({ ...keys, [alias]: key }) }));
  if (error !== undefined) throw error;
}

/**
 * The settings of a virtual key. The key `default` exists without any.
 *
 * @param args the command line, which the error repeats with the alias that was probably meant.
 *
 * @throws UserError with the names of all keys if there is no such key.
 */
export function keySetting(
  { keys, stack }: Settings,
  alias: string,
  args: readonly string[] = process.argv.slice(2),
): Settings['keys'][string] {
  const key = Object.hasOwn(keys, alias) ? keys[alias] : undefined;
  if (key !== undefined) return key;
  if (alias === DEFAULT_KEY) return { generation: 1 };
  const names = [...new Set([DEFAULT_KEY, ...Object.keys(keys)])];
  const near = suggest(alias, names);
  throw new UserError(`stack ${stack} has no key "${alias}"${didYouMean(alias, names)}`, {
    allowed: names,
    // Not `keys add`: who revokes or rotates a key wants to end a value, not to have a further one.
    command: near === undefined ? `./switchyard keys list ${stack}` : repeatCommand(args, alias, near),
  });
}

/** Removes a virtual key from a stack's file. */
export async function removeKeySetting(stack: string, alias: string): Promise<void> {
  await pulumi(stack, ['config', 'rm', '--path', `keys.${alias}`]);
}

/**
 * Writes a new generation of a virtual key into a stack's file.
 *
 * @param previousUntil until when the previous value is accepted, in ISO 8601; left out, it is not accepted any more.
 */
export async function rotateKeySetting(
  stack: string,
  alias: string,
  generation: number,
  previousUntil?: string,
): Promise<void> {
  const path = `keys.${alias}`;
  if (previousUntil === undefined) await pulumi(stack, ['config', 'rm', '--path', `${path}.previousUntil`]);
  await pulumi(stack, [
    ...['config', 'set-all', '--path', '--plaintext', `${path}.generation=${generation}`],
    ...(previousUntil === undefined ? [] : ['--plaintext', `${path}.previousUntil=${previousUntil}`]),
  ]);
}

/** The command that prints the values of a stack's virtual keys. */
export function readKeysCommand(stack: string): string {
  return `pulumi stack output keys --show-secrets --stack ${stack}`;
}
