/** Keys that were planted in a template: the catalogue and the settings are looked at by their own checks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLeaks, keyPatterns } from '../../catalog/leaks.ts';
import { parseCatalog } from '../../catalog/load.ts';
import type { Problem } from '../../catalog/problems.ts';
import { CATALOG_FILE, template } from '../../stacks/load.ts';

/** Text that people write. */
const WRITTEN = /\.(ya?ml|json|jsonc|py|cfg|md|sh|lua)$/;

/** Lock files are full of hashes, which look like some providers' keys. */
const LOCK_FILE = /(^|[-./])lock\.\w+$/;

/** What looks like a key of the catalogue's providers below config-templates/; nothing where the catalogue cannot be read. */
export function plantedKeys(root: string): Problem[] {
  const folder = 'config-templates';
  const { catalog } = parseCatalog(template('catalog.yaml', root), CATALOG_FILE);
  if (catalog === undefined) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => WRITTEN.test(name) && !LOCK_FILE.test(name) && name !== 'catalog.yaml')
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(root, folder, name), 'utf8');
      return findLeaks(text, `${folder}/${name}`, keyPatterns(catalog), (offset) => place(text, offset));
    });
}

function place(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
