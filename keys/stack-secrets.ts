/** A stack's secrets in its settings file: read in clear, and set without a trace of their values. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import type { EnvVariable } from './env-file.ts';
import { withKeysAsBefore } from './undo-import.ts';

/** The stack's secrets, decrypted: to tell what changes, so that an unchanged key is not encrypted anew. */
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
 * Sets all or, where one fails or the work is stopped, none: the keys are put back as they were, and what another process has changed
 * meanwhile stays. Values travel by standard input alone.
 *
 * @throws UserError with what Pulumi said; the signal's reason where it was aborted.
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
