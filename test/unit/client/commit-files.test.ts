/** All files or none, whatever stands in the way. These tests run as root in CI too, so permissions are also tried as another user. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { actingUser, type ActingUser } from '../../../client/acting-user.ts';
import { commitFiles, type FileChange } from '../../../client/commit-files.ts';

const ROOT_USER = process.getuid?.() === 0;
const root = ROOT_USER ? test : test.skip;
if (!ROOT_USER) process.stderr.write('skipped: tests of owners and attributes of files need root\n');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-commit-'));
});
afterEach(() => {
  execFileSync('sh', ['-c', `chattr -R -i "$1" 2>/dev/null || true`, 'sh', dir]);
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string): string => join(dir, name);
const write = (name: string, text: string): void => writeFileSync(at(name), text);
const change = (
  name: string,
  before: string | undefined,
  after: string | undefined,
  mode?: number,
): FileChange => ({
  path: at(name),
  before,
  after,
  mode,
});
/** Everything in the folder: names, texts, modes, owners, inodes. */
const snapshot = (): unknown[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stats = lstatSync(at(name));
      const { mode, uid, ino } = stats;
      const text = stats.isFile() ? readFileSync(at(name), 'utf8') : '';
      return [name, text, mode, uid, ino];
    });
const user = (uid: number, isSudo = false): ActingUser => ({ uid, gid: uid, home: dir, isSudo });

test('changes, creates and removes files, with their modes, and leaves nothing beside them', async () => {
  write('a', 'old');
  write('c', 'gone');
  chmodSync(at('a'), 0o640);
  await commitFiles([
    change('a', 'old', 'new'),
    change('new/folder/b', undefined, 'key', 0o600),
    change('c', 'gone', undefined),
  ]);
  expect(readFileSync(at('a'), 'utf8') + readFileSync(at('new/folder/b'), 'utf8')).toBe('newkey');
  expect([statSync(at('a')).mode & 0o777, statSync(at('new/folder/b')).mode & 0o777]).toEqual([0o640, 0o600]);
  expect(readdirSync(dir).sort()).toEqual(['a', 'new']);
});

describe('nothing changes if the second of three files', () => {
  const cases: [name: string, prepare: () => void, problem: Partial<{ found: unknown; command: unknown }>][] =
    [
      ['is read-only', () => chmodSync(at('b'), 0o444), { found: 'it is read-only' }],
      [
        'is a folder',
        () => {
          rmSync(at('b'));
          mkdirSync(at('b'));
        },
        { found: 'it is not a file' },
      ],
      ['has changed meanwhile', () => write('b', 'other'), { command: 'run the command again' }],
      ['has been created meanwhile', () => write('new', 'other'), { command: 'run the command again' }],
      [
        'is a link in a circle',
        () => {
          rmSync(at('b'));
          symlinkSync('b', at('b'));
        },
        { found: 'its symbolic links run in a circle' },
      ],
    ];
  test.each(cases)('%s', async (_, prepare, problem) => {
    write('a', 'a');
    write('b', 'b');
    write('c', 'c');
    prepare();
    const before = snapshot();
    const changes = [
      change('a', 'a', 'A'),
      change('made/here', undefined, 'x'),
      change('new', undefined, 'new'),
      change('b', 'b', 'B'),
      change('c', 'c', undefined),
    ];
    await expect(commitFiles(changes)).rejects.toMatchObject({
      message: expect.stringContaining('nothing was changed'),
      ...problem,
    });
    expect(snapshot()).toEqual(before);
  });

  root.each([
    ['immutable', '+i', 'sudo chattr -i -a'],
    ['append-only, which is found only when it is replaced', '+a', 'sudo chattr -i -a'],
  ])('is %s', async (_, attribute, command) => {
    for (const name of ['a', 'b', 'c']) write(name, name);
    try {
      execFileSync('chattr', [attribute, at('b')], { stdio: 'ignore' });
    } catch {
      process.stderr.write(`skipped: this file system has no attribute ${attribute}\n`);
      return;
    }
    const before = snapshot();
    const changes = [change('a', 'a', 'A'), change('b', 'b', 'B'), change('c', 'c', undefined)];
    try {
      await expect(commitFiles(changes)).rejects.toMatchObject({
        command: expect.stringContaining(command),
      });
      expect(snapshot()).toEqual(before);
    } finally {
      execFileSync('chattr', ['-i', '-a', at('b')]);
    }
  });

  root('belongs to another user', async () => {
    chownSync(dir, 1000, 1000);
    for (const name of ['a', 'b', 'c']) write(name, name);
    for (const name of ['a', 'c']) chownSync(at(name), 1000, 1000);
    chownSync(at('b'), 1234, 1234);
    const before = snapshot();
    const changes = [change('a', 'a', 'A'), change('b', 'b', 'B'), change('c', 'c', undefined)];
    for (const who of [user(1000), user(1000, true)]) {
      await expect(commitFiles(changes, who)).rejects.toMatchObject({
        found: 'it belongs to user id 1234',
        command: `sudo chown 1000 ${at('b')}`,
      });
    }
    expect(snapshot()).toEqual(before);
  });

  root('is on a full disk, or on one that is read-only', async () => {
    mkdirSync(at('disk'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', at('disk')]);
    try {
      write('a', 'a');
      write('disk/b', 'b');
      const before = snapshot();
      const large = 'x'.repeat(200_000);
      const full = [change('a', 'a', 'A'), change('disk/b', 'b', large)];
      await expect(commitFiles(full)).rejects.toMatchObject({ found: 'no space left on the disk' });
      expect(snapshot()).toEqual(before);
      execFileSync('mount', ['-o', 'remount,ro', at('disk')]);
      const readOnly = [change('a', 'a', 'A'), change('disk/b', 'b', 'B')];
      await expect(commitFiles(readOnly)).rejects.toMatchObject({ found: 'the file system is read-only' });
      expect(snapshot()).toEqual(before);
    } finally {
      execFileSync('umount', [at('disk')]);
    }
  });

  root('is a mount point of its own, which is found only when it is replaced', async () => {
    for (const name of ['a', 'b', 'source', 'c']) write(name, name);
    execFileSync('mount', ['--bind', at('source'), at('b')]);
    try {
      const before = snapshot();
      const changes = [change('a', 'a', 'A'), change('b', 'source', 'B'), change('c', 'c', undefined)];
      await expect(commitFiles(changes)).rejects.toMatchObject({ found: 'it is a mount point' });
      expect(snapshot()).toEqual(before);
    } finally {
      execFileSync('umount', [at('b')]);
    }
  });
});

test('a symbolic link stays, and its target changes', async () => {
  mkdirSync(at('dotfiles'));
  write('dotfiles/a', 'old');
  symlinkSync('dotfiles/a', at('a'));
  symlinkSync('dotfiles/b', at('b'));
  await commitFiles([change('a', 'old', 'new'), change('b', undefined, 'made')]);
  expect([lstatSync(at('a')).isSymbolicLink(), lstatSync(at('b')).isSymbolicLink()]).toEqual([true, true]);
  expect(readFileSync(at('dotfiles/a'), 'utf8') + readFileSync(at('dotfiles/b'), 'utf8')).toBe('newmade');
});

test('what an interrupted run left beside a file is removed', async () => {
  write('a', 'old');
  write('a.switchyard-new', 'a key');
  write('a.switchyard-old', 'a key');
  await commitFiles([change('a', 'old', 'new')]);
  expect(readdirSync(dir)).toEqual(['a']);
});

describe('under sudo', () => {
  root(
    "new files and folders are the caller's, and so becomes what an earlier run left to root",
    async () => {
      write('auth.json', 'old');
      chmodSync(at('auth.json'), 0o600);
      await commitFiles(
        [change('auth.json', 'old', 'new', 0o600), change('config/tool/file', undefined, 'x')],
        user(1000, true),
      );
      for (const name of ['auth.json', 'config', 'config/tool', 'config/tool/file'])
        expect([name, statSync(at(name)).uid, statSync(at(name)).gid]).toEqual([name, 1000, 1000]);
      expect(statSync(at('auth.json')).mode & 0o777).toBe(0o600);
    },
  );

  root('root without sudo leaves owners, and gives new files to the owner of their folder', async () => {
    write('a', 'old');
    chownSync(at('a'), 1234, 1234);
    chownSync(dir, 1000, 1000);
    await commitFiles([change('a', 'old', 'new'), change('made/b', undefined, 'x')]);
    expect(['a', 'made', 'made/b'].map((name) => statSync(at(name)).uid)).toEqual([1234, 1000, 1000]);
  });

  test("the caller's home folder is used", async () => {
    const [name, , uid, gid, , home] = execFileSync('getent', ['passwd', 'daemon']).toString().split(':');
    const env = { HOME: '/root', SUDO_UID: uid, SUDO_GID: gid, SUDO_USER: name };
    expect(await actingUser(env, 0)).toEqual({ uid: Number(uid), gid: Number(gid), home, isSudo: true });
    expect(await actingUser(env, 1000)).toMatchObject({ uid: 1000, home: '/root', isSudo: false });
    await expect(
      actingUser({ ...env, SUDO_UID: '987654', SUDO_USER: 'nobody-here' }, 0),
    ).rejects.toMatchObject({
      message: expect.stringContaining('nobody-here'),
    });
  });
});
