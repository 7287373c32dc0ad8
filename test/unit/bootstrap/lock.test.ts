import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
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

test('of a process whose pid was reused is taken over', async () => {
  // Process 1 lives, but it did not begin at this tick.
  symlinkSync('1@99999999999', lockFile());
  expect(await withLock('work', quiet, () => Promise.resolve('mine'))).toBe('mine');
});

test('of a running process is waited for, which is reported', async () => {
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
  expect(told).toEqual([`waiting for process ${child.pid}, which is doing the same (lock ${lockFile()})`]);
  child.kill();
  expect(await work).toBe('mine');
});

test('fails instead of waiting if its path is another kind of file', async () => {
  writeFileSync(lockFile(), '');
  await expect(withLock('work', quiet, () => Promise.resolve())).rejects.toMatchObject({
    message: 'the lock cannot be created: another file has its name',
    command: `rm -r ${lockFile()}`,
  });
});

test('is held by one process at a time', async () => {
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

/** When a process begins, and how long it pauses after each step on the file system, in ms. */
interface Pace {
  begin: number;
  symlinkSync?: number;
  readlinkSync?: number;
  renameSync?: number;
  rmSync?: number;
}

/**
 * Processes at one lock whose owner is dead, each at its own pace. Whoever is inside makes a folder that must not be there.
 *
 * @returns what each of them found, in the order in which they left.
 */
async function race(paces: readonly Pace[]): Promise<string[]> {
  const slow = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (const [name, ms] of Object.entries(JSON.parse(process.env.PACE))) {
      const real = fs[name];
      if (real) fs[name] = (...args) => {
        try { return real(...args); }
        finally { Atomics.wait(clock, 0, 0, ms); }
      };
    }
    syncBuiltinESMExports();`;
  const script = `
    import { mkdir, rmdir, appendFile } from 'node:fs/promises';
    import { once } from 'node:events';
    const [module, folder, begin] = process.argv.slice(1);
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    const { withLock } = await import(module);
    process.stdout.write('ready');
    const [at] = await once(process.stdin, 'data');
    process.stdin.destroy();
    await wait(Math.max(Number(at) + Number(begin) - Date.now(), 0));
    await withLock('work', () => undefined, async () => {
      const alone = await mkdir(folder + '/inside').then(() => true, () => false);
      await wait(600);
      await appendFile(folder + '/log', alone ? 'alone ' : 'TOGETHER ');
      if (alone) await rmdir(folder + '/inside');
    });`;
  symlinkSync(`${spawnSync('true').pid}@1`, lockFile());
  const module = join(import.meta.dirname, '../../../bootstrap/lock.ts');
  const runs = paces.map((pace) => {
    const preload = `data:text/javascript,${encodeURIComponent(slow)}`;
    const args = ['--import', preload, '--input-type=module', '-e', script, module, folder, `${pace.begin}`];
    const env = { ...process.env, NODE_OPTIONS: '', PACE: JSON.stringify(pace) };
    return spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  });
  // They begin together, once all of them have started.
  await Promise.all(runs.map(({ stdout }) => once(stdout, 'data')));
  for (const { stdin } of runs) stdin.end(`${Date.now() + 50}`);
  await Promise.all(runs.map((run) => new Promise((done) => run.once('exit', done))));
  return readFileSync(join(folder, 'log'), 'utf8').trim().split(' ');
}

const anyPace = (): Pace => {
  const ms = (): number => Math.floor(Math.random() * 300);
  return { begin: ms(), symlinkSync: ms(), readlinkSync: ms(), renameSync: ms(), rmSync: ms() };
};

test.each([
  // The second has seen a dead owner and is slow to act on it. Meanwhile the first has removed the dead one's lock and the third has
  // taken its own: that one must not be moved away.
  ['one of them acting on outdated information', [{ begin: 0, readlinkSync: 60 }, { begin: 0, readlinkSync: 240, renameSync: 900 }, { begin: 150 }]], // prettier-ignore
  ['at any pace', [anyPace(), anyPace(), anyPace()]],
])(
  'three processes that compete for a stale lock, %s, never hold it at the same time',
  async (_, paces) => {
    expect(await race(paces)).toEqual(['alone', 'alone', 'alone']);
    expect(readdirSync(join(folder, 'locks'))).toEqual([]);
  },
  60_000,
);

test('is not released if another process has acquired it meanwhile', async () => {
  await withLock('work', quiet, () => {
    rmSync(lockFile());
    symlinkSync('1@1', lockFile());
    return Promise.resolve();
  });
  expect(readlinkSync(lockFile())).toBe('1@1');
});

test('an interrupted takeover is reported with the command that fixes it', async () => {
  const { pid } = spawnSync('true');
  symlinkSync(`${pid}@1`, lockFile());
  symlinkSync(`${pid}@1`, `${lockFile()}.takeover`);
  await expect(withLock('work', quiet, () => Promise.resolve())).rejects.toMatchObject({
    message: 'a run was killed while it removed a stale lock',
    command: `rm ${lockFile()}.takeover`,
  });
});
