/** A stack name that does not exist creates nothing, whichever command gets it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { makeProgram } from '../../../cli/command-line.ts';
import { ROOT } from '../../../console/home-paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-unknown-'));
const home = join(folder, 'home');
const backend = join(folder, 'backend');
const saved = { ...process.env };
let before: string[];

/** Every file that a command could create for a stack. */
const everything = () =>
  [
    ...readdirSync(folder, { recursive: true }).map(String),
    ...readdirSync(ROOT).filter((name) => name.startsWith('Pulumi')),
  ].sort();

beforeAll(() => {
  const stacks = join(backend, '.pulumi', 'stacks', 'switchyard');
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(stacks, 'other.json'), '{"version":3,"checkpoint":{"latest":{}}}');
  writeFileSync(join(folder, 'keys.env'), 'GROQ_API_KEY=\n', { mode: 0o600 });
  Object.assign(process.env, {
    SWITCHYARD_HOME: home,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PATH: '/usr/bin:/bin',
  });
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  delete process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  before = everything();
});
afterAll(() => {
  process.env = saved;
  rmSync(folder, { recursive: true });
});

interface Failure {
  message: string;
  allowed: string[];
  command?: string;
}

/** The error that a command prints with --json. */
async function failureOf(args: string[]): Promise<Failure> {
  const printed: string[] = [];
  const out = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  const err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { exitCode } = process;
  try {
    await (await makeProgram(args)).parseAsync([...args, '--json'], { from: 'user' });
    expect(process.exitCode).toBe(1);
    return (JSON.parse(printed.join('')) as { error: Failure }).error;
  } finally {
    process.exitCode = exitCode;
    out.mockRestore();
    err.mockRestore();
  }
}

/** Every command that takes the name of a stack. */
const COMMANDS = [
  ['up'],
  ['preview'],
  ['preview', '--ci'],
  ['status'],
  ['connect'],
  ['smoke'],
  ['agents'],
  ['models'],
  ['portkey'],
  ['keys', 'import', join(folder, 'keys.env')],
  ['keys', 'ages'],
  ['keys', 'rotate'],
  ['usage'],
  ['keys', 'add', 'alice'],
  ['keys', 'list'],
  ['keys', 'revoke', 'alice'],
  ['down'],
  ['down', '--volume', 'switchyard-dev-data'],
  ['env'],
  ['stack', 'rm', '--yes'],
];
/** To these the creation of a stack is no answer. */
const REMOVING = /^(down|stack rm)/;

test.each(COMMANDS.map((words) => [words.map((word) => basename(word)).join(' '), words] as const))(
  '%s',
  async (_, words) => {
    const near = await failureOf([...words, 'deev']);
    const far = await failureOf([...words, 'laboratory']);
    expect(near.message).toBe('there is no stack deev; did you mean dev?');
    expect(near.allowed).toEqual(expect.arrayContaining(['dev', 'prod']));
    expect(far.message).toBe('there is no stack laboratory');
    const create = './switchyard stack new laboratory';
    if (REMOVING.test(words.join(' '))) expect(JSON.stringify(far)).not.toContain('stack new');
    else
      expect(far).toMatchObject({
        allowed: expect.arrayContaining([`or a new one: ${create}`]),
        command: create,
      });
    expect(existsSync(home)).toBe(false);
    expect(everything()).toEqual(before);
  },
);

test('the table has every command that takes the name of a stack', async () => {
  const program = await makeProgram([]);
  const names = [...program.commands, ...program.commands.flatMap((command) => command.commands)]
    .filter((command) =>
      command.registeredArguments.some((argument) => /^(stack|name)$/.test(argument.name())),
    )
    .map((command) => command.name())
    // `drill` takes the names of drills, and `new` a name that does not exist.
    .filter((name) => !['drill', 'new'].includes(name));
  const tested = COMMANDS.flatMap((command) => command);
  expect(names.filter((name) => !tested.includes(name))).toEqual([]);
});
