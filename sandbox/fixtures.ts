/**
 * The operator's files as they were at the release. Tests use these, so that an operator's change of a fallback chain, a port or a model in
 * the checkout's own files does not break unrelated tests.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../console/home-paths.ts';

const FOLDER = join(ROOT, 'sandbox/release-files');

/** The day of the release. Checks use it as today's date, because models retire, and no test may fail because of the current date. */
export const RELEASE_DAY = '2026-11-24';

/** The paths, in a checkout, of the files that operators edit, by their names in sandbox/release-files. */
const CHECKOUT_PATHS = {
  'catalog.yaml': 'config-templates/catalog.yaml',
  'agents.yaml': 'config-templates/agents.yaml',
  'litellm.yaml': 'config-templates/litellm.yaml',
  'opencode.json': 'config-templates/opencode.json',
  'Pulumi.dev.yaml': 'Pulumi.dev.yaml',
  'Pulumi.prod.yaml': 'Pulumi.prod.yaml',
} as const;

/** The other file that is read to check a stack; it is taken from the checkout. */
const LOCK = 'runtimes/gateway/image/requirements.txt';

/** The text of a file as it was at the release. */
export function fixture(name: keyof typeof CHECKOUT_PATHS): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Copies the files of the release to their paths in a copy of the checkout. */
export function copyFixtures(target: string): void {
  for (const [name, path] of Object.entries(CHECKOUT_PATHS)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(FOLDER, name), join(target, path));
  }
}

/** Calls `read` with a temporary folder that has all files that are read to check a stack: the release's, and the image's lock file. */
export function withFixtures<T>(read: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-fixtures-'));
  try {
    copyFixtures(root);
    mkdirSync(dirname(join(root, LOCK)), { recursive: true });
    symlinkSync(join(ROOT, LOCK), join(root, LOCK));
    return read(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}
