import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inScratch } from '../../../bootstrap/scratch.ts';

const saved = process.env.SWITCHYARD_HOME;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'switchyard-scratch-'));
  process.env.SWITCHYARD_HOME = home;
});
afterEach(() => rmSync(home, { recursive: true }));
afterAll(() => {
  if (saved === undefined) delete process.env.SWITCHYARD_HOME;
  else process.env.SWITCHYARD_HOME = saved;
});

test('a scratch folder is gone after the work, and after work that fails', async () => {
  const folders: string[] = [];
  await inScratch('work', (folder) => Promise.resolve(folders.push(folder)));
  const failing = inScratch('work', (folder) => {
    folders.push(folder);
    writeFileSync(join(folder, 'half'), 'done');
    return Promise.reject(new Error('no'));
  });
  await expect(failing).rejects.toThrow('no');
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
});

test('what a killed run left is removed by the next, the process that still works there included', async () => {
  const left = join(home, 'tmp', 'work-abc');
  const other = join(home, 'tmp', 'other-abc');
  for (const folder of [left, other]) mkdirSync(folder, { recursive: true });
  // As a killed run leaves it: a child of a child, which a look at its command line would not tell.
  const env = { ...process.env, SWITCHYARD_SCRATCH: left };
  const orphan = spawn('sh', ['-c', 'cd /; while :; do sleep 0.1; done'], { env });
  const ended = once(orphan, 'exit');
  await inScratch('work', () => Promise.resolve());
  expect((await ended)[1]).toBe('SIGKILL');
  expect(existsSync(left)).toBe(false);
  expect(existsSync(other)).toBe(true);
});

test('whoever merely has a file of it open, as an editor, is left alone', async () => {
  const left = join(home, 'tmp', 'work-abc');
  mkdirSync(left, { recursive: true });
  const editor = spawn('sh', ['-c', 'read line', join(left, 'file')]);
  const ended = once(editor, 'exit');
  await inScratch('work', () => Promise.resolve());
  expect(existsSync(left)).toBe(false);
  editor.stdin.end('quit\n');
  expect(await ended).toEqual([0, null]);
});

test('the work is told how to mark its processes', async () => {
  await inScratch('work', (folder, env) => {
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

(mayMount() ? describe : describe.skip)('what is mounted in a folder that a killed run left', () => {
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

  test('is unmounted, not emptied, though there is a blank in its name', async () => {
    await inScratch('work', () => Promise.resolve());
    expect(existsSync(join(home, 'tmp', 'work-abc'))).toBe(false);
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });

  test('is not touched where it cannot be unmounted', async () => {
    const tools = join(home, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'umount'), '#!/bin/sh\necho "umount: target is busy" >&2\nexit 32\n', {
      mode: 0o755,
    });
    process.env.PATH = `${tools}:${saved}`;
    await expect(inScratch('work', () => Promise.resolve())).rejects.toMatchObject({
      name: 'UserError',
      where: mount,
      found: 'umount: target is busy',
    });
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });
});
