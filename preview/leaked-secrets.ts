/** Finds keys that were put into a template. The catalogue and the settings have checks of their own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../domain/diagnostics/key-leaks.ts';
import type { Problem } from '../domain/diagnostics/problems.ts';
import { CATALOG_FILE, loadCatalog } from '../stacks/load.ts';

/** Lock files contain hashes, which look like some providers' keys. */
const LOCK_FILE = /(^|[-./])lock\.\w+$|(^|\/)(requirements|node)\.txt$/;

/** The runtimes' tests contain made-up keys; they are not part of any container. */
const TESTS = /^runtimes\/[^/]+\/test\//;

/**
 * Finds what looks like a key in config-templates/ and in the containers' files: by the patterns of the catalogue's providers, or by those
 * of well-known providers if the catalogue cannot be read.
 */
export function findLeakedSecrets(root: string): Problem[] {
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
      return findLeaks(text, name, patterns, (offset) => positionOf(text, offset));
    });
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
