import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTempDir } from '../../../bootstrap/temp-dir.ts';

const saved = process.env.SWITCHYARD_HOME;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'switchyard-temp-dir-'));
  process.env.SWITCHYARD_HOME = home;
});
afterEach(() => rmSync(home, { recursive: true }));
afterAll(() => {
  if (saved === undefined) delete process.env.SWITCHYARD_HOME;
  else process.env.SWITCHYARD_HOME = saved;
});

test('the folder is removed after the work, also if the work fails', async () => {
  const folders: string[] = [];
  await inTempDir('work', (folder) => Promise.resolve(folders.push(folder)));
  const failing = inTempDir('work', (folder) => {
    folders.push(folder);
    writeFileSync(join(folder, 'half'), 'done');
    return Promise.reject(new Error('no'));
  });
  await expect(failing).rejects.toThrow('no');
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
});

test('the next run removes what a killed run left behind, and kills its processes', async () => {
  const left = join(home, 'tmp', 'work-abc');
  const other = join(home, 'tmp', 'other-abc');
  for (const folder of [left, other]) mkdirSync(folder, { recursive: true });
  // As a killed run leaves it: a grandchild, whose command line does not name the folder.
  const env = { ...process.env, SWITCHYARD_SCRATCH: left };
  const orphan = spawn('sh', ['-c', 'cd /; while :; do sleep 0.1; done'], { env });
  const ended = once(orphan, 'exit');
  await inTempDir('work', () => Promise.resolve());
  expect((await ended)[1]).toBe('SIGKILL');
  expect(existsSync(left)).toBe(false);
  expect(existsSync(other)).toBe(true);
});

test('a process that only has a file of it open, such as an editor, is not killed', async () => {
  const left = join(home, 'tmp', 'work-abc');
  mkdirSync(left, { recursive: true });
  const editor = spawn('sh', ['-c', 'read line', join(left, 'file')]);
  const ended = once(editor, 'exit');
  await inTempDir('work', () => Promise.resolve());
  expect(existsSync(left)).toBe(false);
  editor.stdin.end('quit\n');
  expect(await ended).toEqual([0, null]);
});

test('the work gets the variable that identifies its processes', async () => {
  await inTempDir('work', (folder, env) => {
    expect(env).toEqual({ SWITCHYARD_SCRATCH: folder });
    return Promise.resolve();
  });
});

/** Whether this process may mount: root in a container often may not. */
function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-mount-'));
  const mounted = spawnSync('mount', ['--bind', folder, folder]).status === 0;
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return mounted;
}

(mayMount() ? describe : describe.skip)('a mount point in a folder that a killed run left behind', () => {
  let outside: string;
  let mount: string;
  const saved = process.env.PATH;
  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), 'switchyard-outside-'));
    writeFileSync(join(outside, 'precious'), '');
    mount = join(home, 'tmp', 'work-abc', 'a folder');
    mkdirSync(mount, { recursive: true });
    expect(spawnSync('mount', ['--bind', outside, mount]).status).toBe(0);
  });
  afterEach(() => {
    process.env.PATH = saved;
    spawnSync('umount', [mount]);
    rmSync(outside, { recursive: true });
  });

  test('is unmounted and not emptied, even with a space in its name', async () => {
    await inTempDir('work', () => Promise.resolve());
    expect(existsSync(join(home, 'tmp', 'work-abc'))).toBe(false);
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });

  test('is not changed if it cannot be unmounted', async () => {
    const tools = join(home, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'umount'), '#!/bin/sh\necho "umount: target is busy" >&2\nexit 32\n', {
      mode: 0o755,
    });
    process.env.PATH = `${tools}:${saved}`;
    await expect(inTempDir('work', () => Promise.resolve())).rejects.toMatchObject({
      name: 'UserError',
      where: mount,
      found: 'umount: target is busy',
    });
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });
});
