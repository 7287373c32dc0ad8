/** The files of the commit from which a branch started, for a preview that has no state to compare with. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stackOfFile } from '../domain/schema/stack-file-names.ts';

/** The files from which a preview is rendered. The code is not taken from the base commit. */
const DATA = ['config-templates', 'runtimes', 'Pulumi.yaml'];

/**
 * Writes the templates and stack settings of a commit into a temporary folder, calls `use` with it and removes it.
 *
 * @param ref a commit, branch or tag.
 * @returns undefined if git does not know it.
 */
export async function withBaseTree<T>(
  root: string,
  ref: string,
  use: (dir: string) => T,
): Promise<T | undefined> {
  const git = (...args: string[]) => execa('git', args, { cwd: root, reject: false, stdin: 'ignore' });
  const listed = await git('ls-tree', '--name-only', ref);
  if (listed.exitCode !== 0) return undefined;
  const paths = listed.stdout
    .split('\n')
    .filter((name) => DATA.includes(name) || stackOfFile(name) !== undefined);
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-base-'));
  try {
    const archive = join(dir, 'base.tar');
    const tree = join(dir, 'tree');
    mkdirSync(tree);
    const packed = await git('archive', '--format=tar', `--output=${archive}`, ref, '--', ...paths);
    if (packed.exitCode !== 0) return undefined;
    await execa('tar', ['-xf', archive, '-C', tree]);
    return use(tree);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
