/** Keys that were planted in a template: the catalogue and the settings are looked at by their own checks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../../catalog/leaks.ts';
import { parseCatalog } from '../../catalog/load.ts';
import type { Problem } from '../../catalog/problems.ts';
import { CATALOG_FILE, template } from '../../stacks/load.ts';

/** Lock files are full of hashes, which look like some providers' keys. */
const LOCK_FILE = /(^|[-./])lock\.\w+$|(^|\/)(requirements|node)\.txt$/;

/**
 * What looks like a key below config-templates/, by the patterns of the catalogue's providers, or by those of well-known providers
 * where the catalogue cannot be read.
 */
export function plantedKeys(root: string): Problem[] {
  const folder = 'config-templates';
  const { readable } = parseCatalog(template('catalog.yaml', root), CATALOG_FILE);
  const patterns = readable === undefined ? [GENERIC_PATTERN] : keyPatterns(readable);
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
    .filter((name) => !LOCK_FILE.test(name) && name !== 'catalog.yaml')
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(root, folder, name), 'utf8');
      return findLeaks(text, `${folder}/${name}`, patterns, (offset) => place(text, offset));
    });
}

function place(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
