/** Virtual keys in a stack's file: checked before anything is written. */
import { UserError } from '../console/errors.ts';
import { formatProblems, hasErrors } from '../domain/diagnostics/problems.ts';
import type { Settings } from '../domain/schema/settings-schema.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import { problemsWith, readRawConfig } from '../engine/stack-settings.ts';

/** What a new virtual key's entry in the settings can have. */
export interface NewKey {
  owner?: string;
  models?: string[];
  lanes?: string[];
  /** ISO 8601. */
  expires?: string;
}

/**
 * Writes a new virtual key into a stack's file.
 *
 * @throws UserError with all problems, before anything is written.
 */
export async function addKeySetting(stack: string, alias: string, key: NewKey): Promise<void> {
  checkNewKey(stack, alias, key);
  const lists = (['models', 'lanes'] as const).flatMap((name) =>
    (key[name] ?? []).map((value, index) => [`${name}[${index}]`, value] as const),
  );
  const values = [
    ['generation', '1'] as const,
    ...(key.owner === undefined ? [] : [['owner', key.owner] as const]),
    ...(key.expires === undefined ? [] : [['expires', key.expires] as const]),
    ...lists,
  ];
  await pulumi(stack, [
    ...['config', 'set-all', '--path'],
    ...values.flatMap(([path, value]) => ['--plaintext', `keys.${alias}.${path}=${value}`]),
  ]);
}

/** Checks a new key as if it were in the stack's file already. */
function checkNewKey(stack: string, alias: string, key: NewKey): void {
  const { config } = readRawConfig(stack);
  const keys = JSON.parse(config.keys ?? '{}') as Record<string, unknown>;
  if (Object.hasOwn(keys, alias)) {
    throw new UserError(`stack ${stack} has a key "${alias}" already`, {
      command: `./switchyard keys rotate ${stack} --key ${alias}`,
    });
  }
  const problems = problemsWith(stack, { keys: JSON.stringify({ ...keys, [alias]: key }) });
  if (hasErrors(problems))
    throw new UserError(formatProblems(problems.filter((one) => one.severity !== 'warning')));
}

/**
 * The settings of a virtual key.
 *
 * @throws UserError with the names of all keys if there is no such key.
 */
export function keySetting({ keys, stack }: Settings, alias: string): Settings['keys'][string] {
  const key = Object.hasOwn(keys, alias) ? keys[alias] : undefined;
  if (key !== undefined) return key;
  const names = Object.keys(keys);
  throw new UserError(`stack ${stack} has no key "${alias}"`, {
    allowed: names.join(', ') || 'none: it has no virtual keys',
    command: `./switchyard keys add ${alias} ${stack}`,
  });
}

/** Removes a virtual key from a stack's file. */
export async function removeKeySetting(stack: string, alias: string): Promise<void> {
  await pulumi(stack, ['config', 'rm', '--path', `keys.${alias}`]);
}

/** Writes a new generation of a virtual key into a stack's file. */
export async function rotateKeySetting(
  stack: string,
  alias: string,
  generation: number,
  previousUntil: string,
): Promise<void> {
  await pulumi(stack, [
    ...['config', 'set-all', '--path', '--plaintext', `keys.${alias}.generation=${generation}`],
    ...['--plaintext', `keys.${alias}.previousUntil=${previousUntil}`],
  ]);
}

/** The command that prints the values of a stack's virtual keys. */
export function readKeysCommand(stack: string): string {
  return `pulumi stack output keys --show-secrets --stack ${stack}`;
}
