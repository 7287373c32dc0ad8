/**
 * Checks the layout of the files: file names must be unique, so that "go to file" finds the right one, and no folder may be too large.
 * `node scripts/check-layout.ts` prints the problems; `npm run lint` runs it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../console/home-paths.ts';

/** Names that tools or conventions prescribe; several folders may have them. */
export const SHARED_NAMES: readonly string[] = [
  '.dockerignore',
  'Dockerfile',
  'Pulumi.yaml',
  'README.md',
  '__init__.py',
  'go.mod',
  'go.sum',
  'index.ts',
  'package-lock.json',
  'package.json',
  'requirements.in',
  'requirements.txt',
  'tools.go',
];

/** The copies of the operator's files, which have the same names as the originals. */
const COPIES = /^sandbox\/release-files\//;

/** Names of more than one file that are not in {@link SHARED_NAMES}, with those files. */
export function duplicateNames(files: readonly string[]): { name: string; files: string[] }[] {
  const byName = Map.groupBy(
    files.filter((file) => !COPIES.test(file)),
    (file) => basename(file),
  );
  return [...byName]
    .filter(([name, found]) => found.length > 1 && !SHARED_NAMES.includes(name))
    .map(([name, found]) => ({ name, files: found }));
}

/**
 * Top-level folders with more than a third of all lines outside of tests. Tests are in folders named test, at any level: those of a
 * container's programs lie beside them.
 *
 * @param lines the number of lines of each file.
 */
export function oversizedFolders(
  lines: Readonly<Record<string, number>>,
): { folder: string; share: number }[] {
  const counted = Object.entries(lines).filter(([file]) => !/(^|\/)test\//.test(file));
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  const folders = Map.groupBy(counted, ([file]) => (file.includes('/') ? file.split('/', 1)[0]! : '.'));
  return [...folders]
    .map(([folder, found]) => ({ folder, share: found.reduce((sum, [, count]) => sum + count, 0) / total }))
    .filter(({ folder, share }) => folder !== '.' && share > 1 / 3);
}

/** The number of lines of each hand-written file: no lock file, nothing generated. */
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
  const problems = [
    ...duplicateNames(present).map(
      ({ name, files: found }) => `${name}: ${found.length} files have this name: ${found.join(', ')}`,
    ),
    ...oversizedFolders(ownLines(ROOT, present)).map(
      ({ folder, share }) =>
        `${folder}/: ${Math.round(share * 100)} % of all lines outside of tests; 33 % are allowed`,
    ),
  ];
  for (const line of problems) process.stderr.write(`error: ${line}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
