/**
 * The operator's files as they were at the release. Tests run on these, so that whoever changes a chain, a port or a model in the
 * checkout's own files turns no test red that is not about that change.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../console/home-paths.ts';

const FOLDER = join(ROOT, 'sandbox/release-files');

/** The day of the release. Checks count to it: models retire, and no calendar day may turn a test red. */
export const RELEASE_DAY = '2026-11-24';

/** The files that operators edit, by their names in sandbox/release-files, with their places in a checkout. */
const PLACES = {
  'catalog.yaml': 'config-templates/catalog.yaml',
  'agents.yaml': 'config-templates/agents.yaml',
  'litellm.yaml': 'config-templates/litellm.yaml',
  'opencode.json': 'config-templates/opencode.json',
  'Pulumi.dev.yaml': 'Pulumi.dev.yaml',
  'Pulumi.prod.yaml': 'Pulumi.prod.yaml',
} as const;

/** What else is read to check a stack; it comes from the checkout. */
const LOCK = 'runtimes/gateway/image/requirements.txt';

/** The text of a file as it was at the release. */
export function fixture(name: keyof typeof PLACES): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Lays the files of the release over a folder that is, or is to be, a copy of the checkout. */
export function layFixtures(target: string): void {
  for (const [name, place] of Object.entries(PLACES)) {
    mkdirSync(dirname(join(target, place)), { recursive: true });
    copyFileSync(join(FOLDER, name), join(target, place));
  }
}

/** Gives `read` a folder with what a stack is checked by: the files of the release and the image's lock file. */
export function withFixtures<T>(read: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-fixtures-'));
  try {
    layFixtures(root);
    mkdirSync(dirname(join(root, LOCK)), { recursive: true });
    symlinkSync(join(ROOT, LOCK), join(root, LOCK));
    return read(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}
