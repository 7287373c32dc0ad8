import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../../bootstrap/lock.ts';

let folder: string;
const saved = process.env.SWITCHYARD_HOME;
const lockFile = () => join(folder, 'locks', 'work');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-lock-'));
  process.env.SWITCHYARD_HOME = folder;
  mkdirSync(join(folder, 'locks'));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => {
  if (saved === undefined) delete process.env.SWITCHYARD_HOME;
  else process.env.SWITCHYARD_HOME = saved;
});

const quiet = () => undefined;

test('is released after the work, and after work that fails', async () => {
  expect(await withLock('work', quiet, () => Promise.resolve(7))).toBe(7);
  await expect(withLock('work', quiet, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock('work', quiet, () => Promise.resolve(8))).toBe(8);
  expect(existsSync(lockFile())).toBe(false);
});

test('of a dead process is taken over', async () => {
  const { pid } = spawnSync('true');
  symlinkSync(`${pid}@1`, lockFile());
  expect(await withLock('work', quiet, () => Promise.resolve('mine'))).toBe('mine');
});

test('of a process whose number was given anew is taken over', async () => {
  // Process 1 lives, but it did not begin at this tick.
  symlinkSync('1@99999999999', lockFile());
  expect(await withLock('work', quiet, () => Promise.resolve('mine'))).toBe('mine');
});

test('of a living process is waited for, with a word about it', async () => {
  const child = spawn('sleep', ['30']);
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  symlinkSync(`${child.pid}@${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`, lockFile());
  const told: string[] = [];
  const work = withLock(
    'work',
    (line) => told.push(line),
    () => Promise.resolve('mine'),
  );
  await new Promise((done) => setTimeout(done, 500));
  expect(told).toEqual([`waiting for process ${child.pid}, which is at the same work (lock ${lockFile()})`]);
  child.kill();
  expect(await work).toBe('mine');
});

test('where something else lies in its place it says so instead of waiting', async () => {
  writeFileSync(lockFile(), '');
  await expect(withLock('work', quiet, () => Promise.resolve())).rejects.toMatchObject({
    message: 'no lock can be made: something else is in its place',
    command: `rm -r ${lockFile()}`,
  });
});

test('lets one in at a time', async () => {
  const script = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    const { withLock } = await import(process.argv[1]);
    for (let turn = 0; turn < 5; turn++)
      await withLock('work', () => undefined, async () => {
        appendFileSync(process.argv[2], 'in ');
        await setTimeout(20);
        appendFileSync(process.argv[2], 'out ');
      });`;
  const module = join(import.meta.dirname, '../../../bootstrap/lock.ts');
  const log = join(folder, 'log');
  const args = ['--input-type=module', '-e', script, module, log];
  const runs = [1, 2, 3].map(() =>
    spawn(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '' } }),
  );
  await Promise.all(runs.map((run) => new Promise((done) => run.once('exit', done))));
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(15));
});
