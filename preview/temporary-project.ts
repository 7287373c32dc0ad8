/** A temporary project folder: this checkout with other stack settings. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackOfFile } from '../domain/schema/stack-file-names.ts';

/** The folder, and a function that removes it. */
export interface TemporaryProject {
  dir: string;
  remove(): void;
}

/**
 * Creates a folder with symbolic links to everything in the checkout except the stacks' settings, so that Pulumi cannot change those.
 *
 * @param root the checkout.
 * @param files the stacks' settings by file name.
 */
export function temporaryProject(root: string, files: Readonly<Record<string, string>>): TemporaryProject {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-preview-'));
  for (const name of readdirSync(root)) {
    // Pulumi.yaml is linked, Pulumi.<stack>.yaml is not: Pulumi writes only to the latter.
    if (name === '.git' || stackOfFile(name) !== undefined) continue;
    symlinkSync(join(root, name), join(dir, name));
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
