/**
 * Checks how the files are laid out: one name, one file, so that "go to file" finds what is meant; and no folder that holds more than
 * its share. `node scripts/check-layout.ts` says what is wrong; `npm run lint` runs it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../console/home-paths.ts';

/** Names that tools or customs prescribe, and so stand in several folders. */
export const SHARED_NAMES: readonly string[] = [
  '.dockerignore',
  'Dockerfile',
  'Pulumi.yaml',
  'README.md',
  'go.mod',
  'go.sum',
  'index.ts',
  'package-lock.json',
  'package.json',
  'requirements.in',
  'requirements.txt',
  'tools.go',
];

/** A copy of the operator's files as they were at the release, under the names that they have in a checkout. */
const COPIES = /^sandbox\/release-files\//;

/** Names that several files have and that are not in {@link SHARED_NAMES}, with those files. */
export function doubleNames(files: readonly string[]): { name: string; files: string[] }[] {
  const byName = Map.groupBy(
    files.filter((file) => !COPIES.test(file)),
    (file) => basename(file),
  );
  return [...byName]
    .filter(([name, found]) => found.length > 1 && !SHARED_NAMES.includes(name))
    .map(([name, found]) => ({ name, files: found }));
}

/**
 * Top-level folders that hold more than a third of all lines outside test/.
 *
 * @param lines the number of lines of each file.
 */
export function heavyFolders(lines: Readonly<Record<string, number>>): { folder: string; share: number }[] {
  const counted = Object.entries(lines).filter(([file]) => !file.startsWith('test/'));
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  const folders = Map.groupBy(counted, ([file]) => (file.includes('/') ? file.split('/', 1)[0]! : '.'));
  return [...folders]
    .map(([folder, found]) => ({ folder, share: found.reduce((sum, [, count]) => sum + count, 0) / total }))
    .filter(({ folder, share }) => folder !== '.' && share > 1 / 3);
}

/** Lines that somebody writes: no lock file, nothing generated. */
function ownLines(root: string, files: readonly string[]): Record<string, number> {
  const own = files.filter(
    (file) =>
      /\.(ts|mjs|js|py|lua|cfg|sh|go|ya?ml|json|md)$|Dockerfile$/.test(file) &&
      !/(^|\/)package-lock\.json$|\.generated\.json$|\.schema\.json$/.test(file),
  );
  return Object.fromEntries(
    own.map((file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length - 1]),
  );
}

if (import.meta.main) {
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((file) => file !== '' && file !== 'node_modules');
  const present = files.filter((file) => existsSync(join(ROOT, file)));
  const wrong = [
    ...doubleNames(present).map(
      ({ name, files: found }) => `${name}: ${found.length} files have this name: ${found.join(', ')}`,
    ),
    ...heavyFolders(ownLines(ROOT, present)).map(
      ({ folder, share }) =>
        `${folder}/: ${Math.round(share * 100)} % of all lines outside test/; 33 % are allowed`,
    ),
  ];
  for (const line of wrong) process.stderr.write(`error: ${line}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}
