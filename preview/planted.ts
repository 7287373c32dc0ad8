/** Keys that were planted in a template: the catalogue and the settings are looked at by their own checks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../domain/diagnostics/key-leaks.ts';
import type { Problem } from '../domain/diagnostics/problems.ts';
import { CATALOG_FILE, loadCatalog } from '../stacks/load.ts';

/** Lock files are full of hashes, which look like some providers' keys. */
const LOCK_FILE = /(^|[-./])lock\.\w+$|(^|\/)(requirements|node)\.txt$/;

/** Tests of what runs in containers have made-up keys, and go into none. */
const TESTS = /^runtimes\/[^/]+\/test\//;

/**
 * What looks like a key in config-templates/ and in what goes into containers, by the patterns of the catalogue's providers, or by those of well-known providers
 * where the catalogue cannot be read.
 */
export function plantedKeys(root: string): Problem[] {
  const { readable } = loadCatalog(root);
  const patterns = readable === undefined ? [GENERIC_PATTERN] : keyPatterns(readable);
  return ['config-templates', 'runtimes']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => !LOCK_FILE.test(name) && !TESTS.test(name) && name !== CATALOG_FILE)
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(root, name), 'utf8');
      return findLeaks(text, name, patterns, (offset) => place(text, offset));
    });
}

function place(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
