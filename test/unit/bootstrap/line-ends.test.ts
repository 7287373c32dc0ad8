/** Lines end in LF: in a clone whose git writes CRLF, and in a container whose files an editor saved with CRLF. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contextHash } from '../../../infra/context-hash.ts';
import { folderFiles } from '../../../stacks/folder-files.ts';
import { ROOT } from '../../../console/home-paths.ts';

const work = mkdtempSync(join(tmpdir(), 'switchyard-line-ends-'));
const origin = join(work, 'origin');
const IMAGES = readdirSync(join(ROOT, 'runtimes'));

function git(cwd: string, ...args: string[]): string {
  const settings = ['user.name=test', 'user.email=test@localhost'];
  // Nothing of the user's own git: its settings and attributes would decide instead.
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_ATTR_NOSYSTEM: '1' }; // prettier-ignore
  return execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
}

/** The folder that clones have beside the files of the root: those of the images. */
const FOLDER = 'runtimes';

/**
 * Clones the tree under test as somebody with these settings of git does. Only a part of it: that all files have the same attributes is
 * a test of its own.
 */
function clone(name: string, ...settings: string[]): string {
  const args = settings.flatMap((setting) => ['-c', setting]);
  git(work, 'clone', '--quiet', '--sparse', '--shared', ...args, origin, name);
  git(join(work, name), 'sparse-checkout', 'set', FOLDER);
  return join(work, name);
}

/** The files of a clone that are there. */
const filesOf = (dir: string) =>
  git(dir, 'ls-files', '-z')
    .split('\0')
    .filter((file) => file !== '' && (!file.includes('/') || file.startsWith(`${FOLDER}/`)));

/** The files of a clone that have a carriage return. */
const withCarriageReturn = (dir: string) =>
  filesOf(dir).filter((file) => readFileSync(join(dir, file)).includes('\r'));

/** Whether the shell can read the launcher. */
const launcherIsRead = (dir: string) => spawnSync('sh', ['-n', './switchyard'], { cwd: dir }).status === 0;

const hashes = (dir: string) =>
  IMAGES.map((image) => [image, contextHash(join(dir, 'runtimes', image, 'image'))]);

beforeAll(() => {
  // What is committed and what is about to be: the test must fail before the commit, not after it.
  const files = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const file of files.filter(
    (path) => path && path !== 'node_modules' && existsSync(join(ROOT, path)),
  )) {
    mkdirSync(dirname(join(origin, file)), { recursive: true });
    cpSync(join(ROOT, file), join(origin, file));
  }
  git(origin, 'init', '--quiet');
  git(origin, 'add', '--all');
  git(origin, 'commit', '--quiet', '--message', 'the tree under test');
}, 60_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

test('no file is committed with CRLF', () => {
  const committed = git(origin, 'ls-files', '--eol').split('\n').filter(Boolean);
  expect(committed.length).toBeGreaterThan(100);
  expect(committed.filter((line) => /^i\/(crlf|mixed)/.test(line))).toEqual([]);
  // So what the clones below show of some files is true of all.
  expect(committed.filter((line) => !/ attr\/(text=auto eol=lf|-text) *\t/.test(line))).toEqual([]);
});

describe.each([['core.autocrlf=true'], ['core.autocrlf=input'], ['core.eol=crlf'], ['core.autocrlf=false']])(
  'a clone with %s',
  (setting) => {
    let dir: string;
    beforeAll(() => {
      dir = clone(setting, setting);
    });

    test('has no carriage return, and its launcher can be run', () => {
      expect(withCarriageReturn(dir)).toEqual([]);
      expect(launcherIsRead(dir)).toBe(true);
    });

    test('has the same image tags as every clone, and nothing to commit', () => {
      expect(hashes(dir)).toEqual(hashes(origin));
      expect(git(dir, '-c', setting, 'status', '--porcelain')).toBe('');
    });
  },
);

test('without .gitattributes such a clone would not run', () => {
  git(origin, 'rm', '--quiet', '.gitattributes');
  git(origin, 'commit', '--quiet', '--message', 'as it was');
  const dir = clone('bare', 'core.autocrlf=true');
  expect(withCarriageReturn(dir)).toContain('switchyard');
  expect(launcherIsRead(dir)).toBe(false);
  expect(hashes(dir)).not.toEqual(hashes(origin));
});

test('a file that an editor saved with CRLF has LF in the container', () => {
  const folder = join(work, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'hook.py'), '#!/usr/bin/env python3\r\nprint("a\\r\\n")\r\n\r\n');
  writeFileSync(join(folder, 'unix.py'), 'a\rb\n');
  expect(folderFiles(folder, '/etc/x')).toEqual([
    { path: '/etc/x/hook.py', content: '#!/usr/bin/env python3\nprint("a\\r\\n")\n\n' },
    { path: '/etc/x/unix.py', content: 'a\rb\n' },
  ]);
});
