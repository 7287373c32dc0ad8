/** Reads a stack's secrets in clear text, and sets them without exposing their values. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import type { EnvVariable } from './env-file.ts';
import { withKeysAsBefore } from './undo-import.ts';

/** The stack's secrets, decrypted: to find out what changes, so that an unchanged key is not encrypted again. */
export async function presentSecrets(stack: string): Promise<Record<string, string>> {
  const { stdout } = await pulumi(stack, ['config', '--json', '--show-secrets']);
  const config = JSON.parse(stdout) as Record<string, { value?: string; secret: boolean }>;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, { secret }]) => secret)
      .map(([name, { value }]) => [bareName(name), value ?? '']),
  );
}

/**
 * Sets all secrets or, if one fails or the work is aborted, none: the previous values are restored; what another process has changed
 * meanwhile is kept. Values are passed by standard input only.
 *
 * @throws UserError with Pulumi's message; the signal's reason if it was aborted.
 */
export async function setSecrets(
  out: Output,
  stack: string,
  variables: readonly EnvVariable[],
  signal: AbortSignal,
): Promise<void> {
  const path = join(ROOT, stackFileName(stack));
  const text = (): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const before = await text();
  let ours = before;
  const names: string[] = [];
  try {
    for (const { name, value } of variables) {
      out.progress(`setting ${name}`);
      names.push(name);
      signal.throwIfAborted();
      await pulumi(stack, ['config', 'set', '--secret', name], { input: value });
      ours = await text();
    }
    signal.throwIfAborted();
  } catch (error) {
    const now = await text();
    const restored = withKeysAsBefore(now, before, ours, names);
    if (restored !== now) await writeFileAtomic(path, restored);
    throw error;
  }
}
