/** A throwaway project folder: this checkout with other stack settings. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackOfFile } from '../domain/schema/stack-file-names.ts';

/** The folder, and how to be rid of it. */
export interface TemporaryProject {
  dir: string;
  remove(): void;
}

/**
 * Makes a folder that is the checkout by links, except for its stacks' settings, so that nothing which is done in it changes those.
 *
 * @param root the checkout.
 * @param files the stacks' settings by name of the file.
 */
export function temporaryProject(root: string, files: Readonly<Record<string, string>>): TemporaryProject {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-preview-'));
  for (const name of readdirSync(root)) {
    // Pulumi.yaml itself is linked, Pulumi.<stack>.yaml is not; Pulumi writes only into the latter.
    if (name === '.git' || stackOfFile(name) !== undefined) continue;
    symlinkSync(join(root, name), join(dir, name));
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
