/** The preview of a pull request: `preview --ci` in a clean checkout, without keys, without a state, without Docker. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Checkout, type CommandResult } from '../../sandbox/checkout.ts';

const MINUTE = 60_000;
const CATALOG = 'config-templates/catalog.yaml';
const FILES = [CATALOG, 'runtimes/gateway/image/programs/probe.py', 'Pulumi.dev.yaml', 'Pulumi.prod.yaml'];

const checkout = new Checkout();
const summary = join(checkout.dir, '.summary.md');
const before = new Map(FILES.map((file) => [file, read(file)]));

function read(file: string): string {
  return readFileSync(join(checkout.dir, file), 'utf8');
}

/** Edits a file of the checkout; fails if nothing changes. */
function edit(file: string, change: (text: string) => string): void {
  const changed = change(read(file));
  expect(changed).not.toBe(read(file));
  writeFileSync(join(checkout.dir, file), changed);
}

/** As on a runner without Docker. */
function preview(...args: string[]): Promise<CommandResult> {
  return checkout.switchyard(['preview', '--ci', ...args], {
    env: { GITHUB_STEP_SUMMARY: summary, DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
  });
}

beforeAll(async () => {
  const git = (...args: string[]) =>
    checkout.run('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args]);
  await git('init', '--quiet');
  await git(
    'add',
    '--',
    'config-templates',
    'runtimes',
    'Pulumi.yaml',
    'Pulumi.dev.yaml',
    'Pulumi.prod.yaml',
  );
  expect((await git('commit', '--quiet', '--message', 'base')).exitCode).toBe(0);
}, MINUTE);

afterEach(() => {
  for (const [file, text] of before) writeFileSync(join(checkout.dir, file), text);
  rmSync(summary, { force: true });
});

afterAll(() => checkout.remove(), 5 * MINUTE);

test(
  'a valid change passes for dev and prod, is described, and writes nothing',
  async () => {
    edit(CATALOG, (text) => text.replace(/(\n {2}gpt-4-turbo: )\[.*\]/, '$1[together-llama3-70b]'));
    edit('Pulumi.dev.yaml', (text) => text.replace('port: "4000"', 'port: "4003"'));
    const files = FILES.map(read);
    const { exitCode, stdout, stderr } = await preview('--base', 'HEAD', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) });
    const report = JSON.parse(stdout) as { stacks: { stack: string; changes: number; meanings: string[] }[] };
    const chain =
      'gpt-4-turbo now falls back to together-llama3-70b (before: groq-llama3-70b, together-llama3-70b)';
    expect(report.stacks.map(({ stack, meanings }) => [stack, meanings])).toEqual([
      [
        'dev',
        [
          'setting port: 4000 → 4003',
          chain,
          'the edge is replaced: an outage of a few seconds, in which connections are refused or reset',
        ],
      ],
      ['prod', [chain]],
    ]);
    for (const { changes } of report.stacks) expect(changes).toBeGreaterThan(10);
    expect(readFileSync(summary, 'utf8')).toContain(`- ${chain}\n`);
    expect(FILES.map(read)).toEqual(files);
    expect(readdirSync(checkout.env.PULUMI_BACKEND_URL!.slice('file://'.length))).toEqual([]);
    expect(existsSync(join(checkout.env.SWITCHYARD_HOME!, 'passphrase'))).toBe(false);
  },
  10 * MINUTE,
);

test.each([
  [
    'a typo',
    () => edit(CATALOG, (text) => text.replace('\n    timeout: 120', '\n    timeuot: 120')),
    /config-templates\/catalog\.yaml:\d+:5 models\.gpt-4\.timeuot: unknown key; did you mean "timeout"\?/,
  ],
  [
    'a retired model',
    () => edit(CATALOG, (text) => text.replace('model: deepseek-v4-flash', 'model: deepseek-chat')),
    /config-templates\/catalog\.yaml:\d+:\d+ models\.deepseek-coder\.model: deepseek-chat was retired on 2026-07-24/,
  ],
  [
    'a key in the settings',
    () => edit('Pulumi.prod.yaml', (text) => `${text}  switchyard:GROQ_API_KEY: gsk_${'a1B2'.repeat(13)}\n`),
    /Pulumi\.prod\.yaml:\d+:\d+ .*(GROQ_API_KEY|Groq)/,
  ],
  [
    'a key in a hook',
    () => edit('runtimes/gateway/image/programs/probe.py', (text) => `${text}# gsk_${'a1B2'.repeat(13)}\n`),
    /runtimes\/gateway\/image\/programs\/probe\.py:\d+:3 this looks like a key of Groq/,
  ],
])(
  '%s fails, with its position and without the key',
  async (_, breakFile, message) => {
    breakFile();
    const { exitCode, stdout, stderr } = await preview();
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(`${stderr}${readFileSync(summary, 'utf8')}`).not.toContain('a1B2a1B2');
    expect(readFileSync(summary, 'utf8')).toMatch(message);
  },
  10 * MINUTE,
);
