import { spawn } from 'node:child_process';
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
  const orphan = spawn('sh', ['-c', 'while :; do sleep 0.1; touch "$0/file" || exit; done', left]);
  const ended = once(orphan, 'exit');
  await inScratch('work', () => Promise.resolve());
  expect((await ended)[1]).toBe('SIGKILL');
  expect(existsSync(left)).toBe(false);
  expect(existsSync(other)).toBe(true);
});
