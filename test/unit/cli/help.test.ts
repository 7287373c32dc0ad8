/** The help text is checked in; the launcher prints it on a machine where nothing is installed yet. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execaSync } from 'execa';
import type { Command } from 'commander';
import { HELP_FILE, helpText } from '../../../cli/help-text.ts';
import { makeProgram, mistakeOf } from '../../../cli/command-line.ts';

test('the checked-in text matches the commands (npm run generate)', async () => {
  expect(readFileSync(HELP_FILE, 'utf8')).toBe(await helpText());
});

test('the checked-in text fits a terminal of 60 columns', () => {
  const lines = readFileSync(HELP_FILE, 'utf8').split('\n');
  expect(lines.filter((line) => line.length > 60 && !line.startsWith('Usage: '))).toEqual([]);
});

test.each([60, 80])('the program wraps its help at %i columns', async (width) => {
  const before = process.env.COLUMNS;
  process.env.COLUMNS = String(width);
  try {
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    const lines = all(await makeProgram([])).flatMap((one) => one.helpInformation().split('\n'));
    expect(lines.filter((line) => line.length > width && !line.startsWith('Usage: '))).toEqual([]);
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(width - 5);
  } finally {
    if (before === undefined) delete process.env.COLUMNS;
    else process.env.COLUMNS = before;
  }
});

/** Descriptions begin with a verb in the imperative. */
const VERBS =
  /^(set|show|write|send|run|list|print|remove|prove|measure|end|make|refuse|create|check|import) /;

test('every description begins with what the command does', async () => {
  const all = (command: Command): Command[] => command.commands.flatMap((one) => [one, ...all(one)]);
  const descriptions = all(await makeProgram([])).map((one) => one.description());
  expect(descriptions.filter((text) => !VERBS.test(text))).toEqual([]);
});

describe('the launcher in a fresh clone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-help-'));
  const home = join(dir, 'home');
  beforeAll(() => {
    mkdirSync(join(dir, 'cli'));
    for (const file of ['switchyard', 'package-lock.json', HELP_FILE]) copyFileSync(file, join(dir, file));
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  const launch = (...args: string[]) =>
    execaSync(join(dir, 'switchyard'), args, {
      env: { PATH: '/usr/bin:/bin', HOME: dir, SWITCHYARD_HOME: home }, extendEnv: false, reject: false, timeout: 20_000,
    }); // prettier-ignore

  test.each([
    [['--help'], 'Usage: switchyard [options] [command]'],
    [['help', 'up'], 'Usage: switchyard up [options] [stack]'],
    [['status', 'dev', '--help'], 'Usage: switchyard status [options] [stack]'],
    [['keys', 'import', '-h'], 'Usage: switchyard keys import [options] <file> [stack]'],
    [['frob', '--help'], 'Usage: switchyard [options] [command]'],
  ])('%j installs nothing and prints %s', (args, first) => {
    const { stdout, stderr, exitCode } = launch(...args);
    expect([stdout.split('\n')[0], stderr, exitCode]).toEqual([first, '', 0]);
    expect(stdout).not.toContain('===');
    expect(existsSync(home)).toBe(false);
  });

  test('without arguments it prints the same to standard error, exit code 1', () => {
    const { stdout, stderr, exitCode } = launch();
    expect([stdout, exitCode]).toEqual(['', 1]);
    expect(stderr).toMatch(/^Usage: switchyard /);
  });
});

describe('a mistake in the command line', () => {
  const told = async (...args: string[]) => {
    const program = await makeProgram(args);
    try {
      await program.parseAsync(args, { from: 'user' });
    } catch (error) {
      return mistakeOf(error as Parameters<typeof mistakeOf>[0], program, args)?.toJSON();
    }
    throw new Error('it was taken');
  };

  test('names the probable command, and all commands', async () => {
    const error = await told('statsu', '--json');
    expect(error).toMatchObject({
      message: "unknown command 'statsu' (Did you mean status?)",
      command: './switchyard --help',
    });
    expect(error?.allowed).toContain('status');
  });

  test('in an option names the help of the command', async () => {
    expect(await told('up', '--prot', '1')).toMatchObject({
      message: "unknown option '--prot' (Did you mean --port?)",
      command: './switchyard up --help',
    });
  });

  test.each([
    [['keys', 'add', 'alice', 'dev', '--models', 'mock'], './switchyard keys add --help'],
    [['--json', 'stack', 'new', '--prot', '1'], './switchyard stack new --help'],
    [['keys', 'ad'], './switchyard keys --help'],
    [['keys', 'add'], './switchyard keys add --help'],
  ])('in %j names the help of the subcommand', async (args, command) => {
    expect(await told(...args)).toMatchObject({ command });
  });
});
