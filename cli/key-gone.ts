/** Client files with a key that their stack does not have any more: they are left alone, and the command that repairs them is told. */
import type { Owner } from '../client/client-record.ts';
import { unlessRefused } from '../console/errors.ts';
import { DEFAULT_KEY, MASTER_KEY_NAME } from '../domain/plan/key-plan.ts';
import { type RawOutputs, readKeys } from '../domain/read/outputs-reader.ts';

/** Whether the stack has no key of the name in the files' record. `default` and the master key always exist. */
export function isKeyGone(stack: string, outputs: RawOutputs, { key = DEFAULT_KEY }: Owner): boolean {
  if (key === DEFAULT_KEY || key === MASTER_KEY_NAME) return false;
  return !Object.hasOwn(unlessRefused(readKeys(stack, outputs)), key);
}

/**
 * The warning about it.
 *
 * @param client whose files they are.
 */
export function describeKeyGone(client: string, stack: string, { key }: Owner): string {
  const option = client === 'opencode' ? '' : ` --client ${client}`;
  return `the files of ${client} have the key "${key}", which ${stack} does not accept any more: ./switchyard connect ${stack}${option}`;
}
