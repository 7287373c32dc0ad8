/**
 * Pulumi through its Automation API, alternating between dev and prod: the stack that plain `pulumi` has selected stays selected, no argument
 * contains a key, only commands that deploy or preview load the API, and Ctrl-C ends a run cleanly. A stub answers instead of LiteLLM,
 * which is not tested here.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';
import { Checkout } from '../../sandbox/checkout.ts';
import { SOAK } from '../harness/soak.ts';
import { containersOf, inspect } from '../harness/test-containers.ts';

const MINUTE = 60_000;
/** A canary: easy to find where it must not be. */
const KEY = `gsk_${'c4Nary'.repeat(9)}`;
const AUTOMATION = '@pulumi/pulumi/automation/';

const checkout = new Checkout();
const loadedFile = join(checkout.dir, '.loaded');
let dev: string;
let prod: string;

beforeAll(async () => {
  checkout.stubLitellm();
  ({ stack: dev } = await checkout.addStack('dev'));
  ({ stack: prod } = await checkout.addStack('prod'));
}, MINUTE);

afterAll(() => checkout.remove(), 5 * MINUTE);

/** Runs plain `pulumi`, in a shell in which no stack is named. */
async function plainPulumi(args: string): Promise<string> {
  const script = `eval "$(./switchyard env ${dev})" && unset PULUMI_STACK && pulumi ${args} --non-interactive`;
  const { exitCode, stdout, stderr } = await checkout.run('sh', ['-c', script]);
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout.trim();
}

/** The command lines of `pulumi` on these stacks, gathered while `work` runs. */
async function commandLines(work: () => Promise<unknown>): Promise<string[][]> {
  const seen = new Map<string, string[]>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
        const line = commandLine(name);
        if (basename(line[0] ?? '') === 'pulumi') seen.set(line.join(' '), line);
      }
      await sleep(20);
    }
  })();
  await work().finally(() => (over = true));
  await watching;
  return [...seen.values()].filter((line) => line.includes(dev) || line.includes(prod));
}

/** A process's command and arguments; empty if it has ended. */
function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Runs `./switchyard <args>`, and returns which modules of packages it loaded. */
async function loadedBy(args: string[]): Promise<string[]> {
  rmSync(loadedFile, { force: true });
  const hook = join(ROOT, 'test/harness/loaded-modules.mjs');
  const { stderr } = await checkout.switchyard(args, {
    env: { NODE_OPTIONS: `--import=${hook}`, SWITCHYARD_TEST_LOADED: loadedFile },
  });
  expect([args, stderr]).toEqual([args, expect.not.stringContaining('internal error')]);
  return existsSync(loadedFile) ? readFileSync(loadedFile, 'utf8').split('\n') : [];
}

describe('commands that alternate between dev and prod', () => {
  test(
    'never changes the stack that plain pulumi has selected, and puts no key into an argument',
    async () => {
      const succeeds = async (args: string[], input?: string): Promise<void> => {
        const result = await checkout.switchyard(args, input === undefined ? {} : { input });
        expect([args, result.exitCode, result.exitCode === 0 ? '' : result.stderr]).toEqual([args, 0, '']);
        expect(result.stderr).not.toContain('Diagnostics');
      };
      await succeeds(['up', dev, '--no-connect']);
      await plainPulumi(`stack select ${dev}`);
      const lines = await commandLines(async () => {
        for (const args of [
          ['preview', prod],
          ['keys', 'import', '-', prod],
          ['up', prod],
          ['status', prod],
          ['connect', prod, '--dir', join(checkout.dir, '.elsewhere')],
          ['keys', 'ages', prod],
          ['preview', prod],
          ['keys', 'rotate', prod, '--no-connect'],
          ['up', dev, '--no-connect'],
          ['down', prod],
        ]) {
          await succeeds(args, args.includes('-') ? `GROQ_API_KEY=${KEY}\n` : undefined);
          expect([args, await plainPulumi('stack --show-name')]).toEqual([args, dev]);
        }
      });
      const called = lines.map((line) => line.slice(1, 3).join(' '));
      expect(called).toEqual(expect.arrayContaining(['config set']));
      expect(called.map((one) => one.split(' ')[0])).toEqual(
        expect.arrayContaining(['preview', 'up', 'destroy', 'stack', 'config']),
      );
      expect(called).not.toContain('stack select');
      expect(lines.filter((line) => line.some((word) => word.includes(KEY)))).toEqual([]);
      // Plain pulumi finds nothing to change in what our commands have deployed.
      await plainPulumi('preview --expect-no-changes');
    },
    30 * MINUTE,
  );
});

describe('the Automation API, which costs a second of CPU,', () => {
  test.each([
    ['--help'],
    ['status', () => dev],
    ['connect', () => dev, '--print'],
    ['models', () => dev],
    ['doctor'],
    ['env', () => dev],
    ['keys', 'ages', () => dev],
    ['smoke', '--help'],
  ] as (string | (() => string))[][])(
    'is not loaded by %s',
    async (...words) => {
      const loaded = await loadedBy(words.map((word) => (typeof word === 'string' ? word : word())));
      expect(loaded).not.toEqual([]);
      // The types of its errors, which cost nothing, are a module of their own.
      expect(loaded.filter((path) => path.startsWith('@pulumi/pulumi/'))).toEqual(
        loaded.includes(`${AUTOMATION}errors.js`) ? [`${AUTOMATION}errors.js`] : [],
      );
    },
    5 * MINUTE,
  );

  test(
    'is loaded by a preview',
    async () => {
      expect(await loadedBy(['preview', dev])).toContain(`${AUTOMATION}stack.js`);
    },
    5 * MINUTE,
  );
});

/** The engine's processes that deploy dev. */
function engines(): string[] {
  return readdirSync('/proc').filter((name) => {
    const [program = '', verb, ...args] = /^\d+$/.test(name) ? commandLine(name) : [];
    return basename(program) === 'pulumi' && verb === 'up' && args.includes(dev);
  });
}

describe('Ctrl-C in a terminal', () => {
  // Three include the first; `npm run soak` also presses once.
  test.each(SOAK ? [1, 3] : [3])(
    'pressed %d times completes the operations in progress, reports what serves, and leaves no process or lock behind',
    async (times) => {
      const before = containersOf(dev);
      await checkout.pulumi(dev, ['config', 'set', 'drainSeconds', String(5 + times)]);
      const terminal = execa(
        'script',
        ['--quiet', '--return', '--command', `exec ./switchyard up ${dev} --no-connect`, '/dev/null'],
        { cwd: checkout.dir, env: checkout.env, extendEnv: false, reject: false, stdin: 'pipe' },
      );
      while (containersOf(dev).every((id) => before.includes(id))) await sleep(200);
      for (let press = 0; press < times; press += 1) {
        terminal.stdin.write('\x03');
        await sleep(1000);
      }
      const { exitCode, stdout } = await terminal;
      expect([exitCode, stdout]).toEqual([130, expect.stringContaining('interrupted; the ')]);
      expect(stdout).toMatch(/(keeps|is) serving; run up again/);
      expect(stdout).toContain(`./switchyard up ${dev}`);
      expect(stdout).not.toContain('error:');
      expect(stdout.split('still stopping').length - 1).toBeLessThan(times);
      expect(engines()).toEqual([]);
      const locks = join(checkout.dir, '.backend/.pulumi/locks/organization/switchyard', dev);
      expect(readdirSync(locks)).toEqual([]);
      expect(readdirSync(join(checkout.env.SWITCHYARD_HOME!, 'runs'))).toEqual([]);
      const again = await checkout.switchyard(['up', dev, '--no-connect']);
      expect([again.exitCode, again.exitCode === 0 ? '' : again.stderr]).toEqual([0, '']);
      expect(again.stderr).not.toContain('interrupted run');
      expect(containersOf(dev)).toHaveLength(2);
      for (const id of containersOf(dev)) expect(inspect(id, '{{.State.Running}}')).toBe('true');
    },
    15 * MINUTE,
  );
});
