/** Signals and input of the engine: a fake `pulumi`, in its own terminal, records what it gets. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { pulumiProcess } from '../../../engine/pulumi-process.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const MINUTE = 60_000;
let dir: string;
const file = (name: string): string => join(dir, name);
const env = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${dir}:${process.env.PATH}`, STAND_IN: dir });

/** Writes the fake: it counts SIGINTs, says that it is ready, and ends once there is the file `end`. */
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-process-'));
  const program = `#!/bin/sh
printf '%s\\n' "$@" >"$STAND_IN/args"
trap 'echo SIGINT >>"$STAND_IN/signals"' INT
case $1 in config) cat >"$STAND_IN/input"; exit 0;; esac
echo $$ >"$STAND_IN/ready"
until [ -e "$STAND_IN/end" ]; do sleep 0.1; done
exit 7
`;
  writeFileSync(file('pulumi'), program);
  chmodSync(file('pulumi'), 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function until(name: string): Promise<void> {
  while (!existsSync(file(name))) await sleep(50);
}

/** A command that runs an operation the way deploy does, and says how it ended. */
function driver(): string {
  const module = (path: string) => JSON.stringify(join(ROOT, path));
  return `
    import { pulumiProcess } from ${module('engine/pulumi-process.ts')};
    import { interruptible } from ${module('console/interruptible.ts')};
    const out = { progress: (line) => console.log(line) };
    const texts = { stopping: 'stopping', still: 'still stopping', stopped: () => ({ message: 'interrupted' }) };
    try {
      await interruptible(out, texts, (signal) => pulumiProcess(['up'], { cwd: '/', env: process.env, signal }));
    } catch (error) {
      console.log(error.message);
      process.exitCode = error.exitCode;
    }`;
}

describe('Ctrl-C in a terminal', () => {
  test.each([1, 3])(
    'pressed %d times reaches the engine as one SIGINT, and nothing is orphaned',
    async (times) => {
      writeFileSync(file('driver.ts'), driver());
      const terminal = execa(
        'script',
        ['--quiet', '--return', '--command', `exec ${process.execPath} ${file('driver.ts')}`, '/dev/null'],
        { env: env(), reject: false, stdin: 'pipe' },
      );
      await until('ready');
      for (let press = 0; press < times; press += 1) {
        terminal.stdin.write('\x03');
        await sleep(500);
      }
      await until('signals');
      const pid = Number(readFileSync(file('ready'), 'utf8'));
      expect(() => process.kill(pid, 0)).not.toThrow();
      writeFileSync(file('end'), '');
      const { exitCode, stdout } = await terminal;
      expect(readFileSync(file('signals'), 'utf8')).toBe('SIGINT\n');
      expect(exitCode).toBe(130);
      const said = stdout.split(/\r?\n/).map((line) => line.replaceAll('^C', ''));
      expect(said).toEqual(['stopping', ...Array<string>(times - 1).fill('still stopping'), 'interrupted']);
      expect(() => process.kill(pid, 0)).toThrow();
    },
    2 * MINUTE,
  );
});

describe('a process of Pulumi', () => {
  test('gets a secret value only by standard input', async () => {
    const value = 'a value';
    const args = ['config', 'set', '--secret', 'NAME'];
    expect(await pulumiProcess(args, { cwd: dir, env: env(), input: value })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file('input'), 'utf8')).toBe(value);
    expect(readFileSync(file('args'), 'utf8')).toBe(`${args.join('\n')}\n`);
  });

  test('is not started once the signal was aborted', async () => {
    const options = { cwd: dir, env: env(), signal: AbortSignal.abort(new Error('gone')) };
    await expect(pulumiProcess(['up'], options)).rejects.toThrow('gone');
    expect(existsSync(file('args'))).toBe(false);
  });

  test('a missing pulumi is reported', async () => {
    const options = { cwd: dir, env: { PATH: '/nonexistent' } };
    await expect(pulumiProcess(['up'], options)).rejects.toThrow('pulumi is not on the PATH');
  });
});
