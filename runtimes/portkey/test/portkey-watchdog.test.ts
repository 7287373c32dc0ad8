/** server.mjs notices that Portkey hangs, and does not take a busy Portkey for a hung one. With real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
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

interface Watched {
  child: ChildProcess;
  ready: () => boolean;
  /** Waits until a reason is given, at most that long. */
  wait: (ms: number) => Promise<string | undefined>;
}

/** Runs a program and watches it until the check is over: two of them compute as long as they run. */
async function watched(
  program: keyof typeof PROGRAMS,
  check: (watched: Watched) => Promise<void>,
  probe = (): Promise<void> => Promise.resolve(),
): Promise<void> {
  const child = spawn(process.execPath, ['--import', HEARTBEAT, '-e', PROGRAMS[program]], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const reasons: string[] = [];
  const { ready } = watch({
    pid: child.pid,
    beats: child.stdio[3],
    probe,
    hung: (reason: string) => reasons.push(reason),
    limits: { startMs: 4000, hungMs: 1500, busyMs: 9000 },
    log: () => undefined,
  });
  const wait = async (ms: number): Promise<string | undefined> => {
    const end = Date.now() + ms;
    while (Date.now() < end && reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    return reasons[0];
  };
  try {
    await check({ child, ready, wait });
  } finally {
    child.kill('SIGKILL');
  }
}

// The tests mostly wait, so they run at the same time.
test.concurrent(
  'a stopped process is reported',
  () =>
    watched('idle', async ({ child, wait }) => {
      expect(await wait(3000)).toBeUndefined();
      child.kill('SIGSTOP');
      expect(await wait(8000)).toMatch(/^its event loop did not run for \d s$/);
    }),
  30_000,
);

test.concurrent(
  'a computation without end is reported',
  () =>
    watched('spin', async ({ wait }) => {
      expect(await wait(20_000)).toMatch(/its event loop did not run/);
    }),
  30_000,
);

test.concurrent(
  'a process that computes, but whose event loop runs in between, is not',
  () =>
    watched('busy', async ({ wait }) => {
      // Without its beats it would be reported after 4 s.
      expect(await wait(4500)).toBeUndefined();
    }),
  30_000,
);

test.concurrent(
  'a start without an answer is reported',
  () =>
    watched(
      'idle',
      async ({ ready, wait }) => {
        expect(await wait(12_000)).toMatch(/it did not become ready within/);
        expect(ready()).toBe(false);
      },
      () => Promise.reject(new Error('refused')),
    ),
  30_000,
);

test.concurrent(
  'a process that answers no more is reported after a longer time',
  async () => {
    let answers = true;
    await watched(
      'idle',
      async ({ ready, wait }) => {
        expect(await wait(2500)).toBeUndefined();
        expect(ready()).toBe(true);
        answers = false;
        expect(await wait(6000)).toBeUndefined();
        expect(await wait(20_000)).toMatch(/it answered nothing for/);
      },
      () => (answers ? Promise.resolve() : Promise.reject(new Error('refused'))),
    );
  },
  40_000,
);
