/**
 * .ci/nightly by itself: what it runs, where, and what it keeps. Its commands note that they were called; that they exist is held
 * against package.json and the command line.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import packageJson from '../../../package.json' with { type: 'json' };
import { DRILL_NAMES } from '../../../cli/drill.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'switchyard-ci-nightly-'));
const repository = join(folder, 'repository');
const calls = join(folder, 'calls');

/** Notes what it was called with, where, and with what of the environment. */
const NOTE = `echo "\${0##*/} $*, $SWITCHYARD_PULUMI, seed $SWITCHYARD_SEED, $(ls -d toolchain domain 2>/dev/null | xargs)" >>'${calls}'`;

function program(path: string, script: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), `#!/bin/sh\n${NOTE}\n${script}\n`, { mode: 0o755 });
}

beforeAll(async () => {
  mkdirSync(join(repository, '.ci'), { recursive: true });
  cpSync(join(ROOT, '.ci/nightly'), join(repository, '.ci/nightly'));
  chmodSync(join(repository, '.ci/nightly'), 0o755);
  program('repository/switchyard', 'echo "drilled $*"');
  for (const name of ['domain', 'toolchain']) {
    mkdirSync(join(repository, name));
    writeFileSync(join(repository, name, 'file.ts'), '');
  }
  program('bin/docker', 'exit 0');
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
  for (const args of [['init'], ['add', '.'], [...author, 'commit', '-m', 'all']])
    await execa('git', args, { cwd: repository });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function nightly(args: string[], env: Record<string, string> = {}) {
  rmSync(calls, { force: true });
  const { exitCode, stdout, stderr } = await execa(join(repository, '.ci/nightly'), args, {
    env: { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter), SWITCHYARD_SEED: '', ...env },
    reject: false,
  });
  const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { exitCode, stdout, stderr, called };
}

test('a dry run prints existing commands and runs none', async () => {
  const { exitCode, stdout, called } = await nightly(['--dry-run']);
  expect({ exitCode, called }).toEqual({ exitCode: 0, called: [] });
  const commands = stdout.split('\n').map((line) => line.split(' '));
  expect(commands.length).toBeGreaterThan(0);
  for (const [first, name, ...rest] of commands) {
    if (first === 'npm') {
      expect(Object.keys(packageJson.scripts)).toContain(name);
      continue;
    }
    expect(first).toBe('./switchyard');
    const help = await execa(join(ROOT, 'switchyard'), [name!, '--help']);
    expect(help.stdout).toContain(`Usage: switchyard ${name} `);
    for (const option of rest.filter((word) => word.startsWith('--'))) expect(help.stdout).toContain(option);
    for (const path of rest.filter((word) => word.startsWith('test/')))
      expect({ [path]: existsSync(join(ROOT, path)) }).toEqual({ [path]: true });
  }
  // All drills: none is named.
  const drills = commands.find(([, name]) => name === 'drill') ?? [];
  expect(drills.slice(2)).toEqual(['--replicas', '2']);
  expect(drills.filter((word) => DRILL_NAMES.includes(word))).toEqual([]);
});

test("runs everything with Pulumi's own plugins in a copy without toolchain/, and continues after a failure", async () => {
  const logs = join(folder, 'logs');
  program('bin/npm', 'echo "1 passed, 1 failed"; exit 1');
  const { exitCode, called } = await nightly([logs], { SWITCHYARD_SEED: '7' });
  expect(exitCode).toBe(1);
  expect(called.slice(1)).toEqual([
    'npm test, official, seed 7, domain',
    'switchyard drill --replicas 2, official, seed 7, domain',
  ]);
  expect(readFileSync(join(logs, 'test.log'), 'utf8')).toBe('1 passed, 1 failed\n');
  expect(readFileSync(join(logs, 'drills.log'), 'utf8')).toBe('drilled drill --replicas 2\n');
});

test('uses another sample each night, which a seed can repeat; stops a daemon that it started', async () => {
  program('bin/npm', 'exit 0');
  program('bin/docker', 'exit 1');
  const { exitCode, stderr, called } = await nightly([join(folder, 'logs')]);
  program('bin/docker', 'exit 0');
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/seed \d{8}\n/);
  expect(called.at(-1)).toMatch(/^switchyard stop-docker, /);
});

test('an unknown option is refused', async () => {
  const { exitCode, stderr, called } = await nightly(['--dryrun']);
  expect({ exitCode, called }).toEqual({ exitCode: 2, called: [] });
  expect(stderr).toContain('unknown option --dryrun; usage: .ci/nightly [--dry-run] [folder]');
});
