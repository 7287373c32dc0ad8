/** server.mjs notices that Portkey hangs, and does not take a busy Portkey for a hung one. With real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, expect, test } from '@jest/globals';
// @ts-expect-error a plain script of the image, without types
import * as script from '../image/watchdog.mjs';

const { watch } = script as {
  watch: (options: Record<string, unknown>) => { ready: () => boolean };
};

const HEARTBEAT = new URL('../image/heartbeat.mjs', import.meta.url).pathname;
const compute = (ms: number): string => `{ const end = Date.now() + ${ms}; while (Date.now() < end); }`;
const PROGRAMS = {
  idle: 'setInterval(() => {}, 1e6)',
  busy: `setInterval(() => ${compute(900)}, 901)`,
  spin: 'setTimeout(() => { for (;;); }, 2500); setInterval(() => {}, 1e6)',
};

// The tests mostly wait, so they run at the same time.
const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

interface Watched {
  child: ChildProcess;
  ready: () => boolean;
  reasons: string[];
  /** Waits until a reason is given, at most that long. */
  wait: (ms: number) => Promise<string | undefined>;
}

function start(program: keyof typeof PROGRAMS, probe = (): Promise<void> => Promise.resolve()): Watched {
  const child = spawn(process.execPath, ['--import', HEARTBEAT, '-e', PROGRAMS[program]], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  children.push(child);
  const reasons: string[] = [];
  const { ready } = watch({
    pid: child.pid,
    beats: child.stdio[3],
    probe,
    hung: (reason: string) => reasons.push(reason),
    limits: { startMs: 4000, hungMs: 3000, busyMs: 9000 },
    log: () => undefined,
  });
  const wait = async (ms: number): Promise<string | undefined> => {
    const end = Date.now() + ms;
    while (Date.now() < end && reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    return reasons[0];
  };
  return { child, ready, reasons, wait };
}

test.concurrent(
  'a stopped process is reported',
  async () => {
    const { child, wait } = start('idle');
    expect(await wait(3000)).toBeUndefined();
    child.kill('SIGSTOP');
    expect(await wait(8000)).toMatch(/^its event loop did not run for \d s$/);
  },
  30_000,
);

test.concurrent(
  'a computation without end is reported',
  async () => {
    expect(await start('spin').wait(20_000)).toMatch(/its event loop did not run/);
  },
  30_000,
);

test.concurrent(
  'a process that computes, but whose event loop runs in between, is not',
  async () => {
    expect(await start('busy').wait(5000)).toBeUndefined();
  },
  30_000,
);

test.concurrent(
  'a start without an answer is reported',
  async () => {
    const { ready, wait } = start('idle', () => Promise.reject(new Error('refused')));
    expect(await wait(12_000)).toMatch(/it did not become ready within/);
    expect(ready()).toBe(false);
  },
  30_000,
);

test.concurrent(
  'a process that answers no more is reported after a longer time',
  async () => {
    let answers = true;
    const { ready, wait } = start('idle', () =>
      answers ? Promise.resolve() : Promise.reject(new Error('refused')),
    );
    expect(await wait(2500)).toBeUndefined();
    expect(ready()).toBe(true);
    answers = false;
    expect(await wait(6000)).toBeUndefined();
    expect(await wait(20_000)).toMatch(/it answered nothing for/);
  },
  40_000,
);
