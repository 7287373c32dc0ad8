/** A stack's secrets in its settings file: read in clear, and set without a trace of their values. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../console/home-paths.ts';
import type { Output } from '../console/output.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';
import { pulumi } from '../engine/pulumi-run.ts';
import type { EnvVariable } from './env-file.ts';
import { restoreSettings } from './restore-settings.ts';

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
 * Sets all or, where one fails, none: the stack's file is put back, unless another process has changed it. Values travel by standard
 * input alone.
 *
 * @throws UserError with what Pulumi said.
 */
export async function setSecrets(
  out: Output,
  stack: string,
  variables: readonly EnvVariable[],
): Promise<void> {
  const file = stackFileName(stack);
  const path = join(ROOT, file);
  const text = (): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
  const before = await text();
  let ours = before;
  try {
    for (const { name, value } of variables) {
      out.progress(`setting ${name}`);
      await pulumi(stack, ['config', 'set', '--secret', name], { input: value });
      ours = await text();
    }
  } catch (error) {
    if (before !== undefined && !(await restoreSettings(path, before, ours ?? before)))
      out.warn(`${file} was changed by another process meanwhile: the keys that were set stay in it`);
    throw error;
  }
}
