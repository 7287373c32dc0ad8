/** Runs of agents with machine faults: a full disk, a wrong folder. A script replaces opencode. */
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
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { runAgents } from '../../../client/run-agents.ts';
import type { AgentReport, ReadyAgent } from '../../../client/agents-plan.ts';
import { AgentsProgress } from '../../../client/agents-progress.ts';
import type { StackClient } from '../../../domain/read/outputs-reader.ts';
import { Output } from '../../../console/output.ts';
import type { UserError } from '../../../console/errors.ts';
import { shippedClient } from '../../harness/client-of.ts';

/** Records its process id and its home, then answers. With the prompt `stay` it keeps running. */
const OPENCODE = `#!/bin/sh
for prompt; do :; done
echo "$$ $XDG_DATA_HOME" > "$prompt.seen"
test -f "$XDG_DATA_HOME/opencode/auth.json" || exit 9
cp "$XDG_DATA_HOME/opencode/auth.json" "$XDG_CONFIG_HOME/opencode/opencode.json" . 2> cp.error
echo '{"type":"text","part":{"text":"pong"}}'
while test "$prompt" = stay; do echo more; sleep 0.1; done
`;

let dir: string;
let logs: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'switchyard-run-agents-'));
  logs = join(dir, 'logs');
  mkdirSync(logs);
  writeFileSync(join(dir, 'opencode'), OPENCODE, { mode: 0o755 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Seconds after which an agent is stopped. */
const LIMIT = 30;

function agent(prompt: string, more: Partial<ReadyAgent> = {}): ReadyAgent {
  const entry = { mode: 'primary' as const, model: 'litellm/mock', description: '' };
  return {
    name: prompt,
    lane: 'x',
    model: 'litellm/mock',
    prompt,
    dir,
    timeout: LIMIT,
    env: [],
    entry,
    ...more,
  };
}
function run(
  agents: ReadyAgent[],
  more: { logs?: string; bin?: string; client?: StackClient } = {},
): Promise<AgentReport[]> {
  const stream = { write: () => true };
  const progress = new AgentsProgress(new Output({ streams: { stdout: stream, stderr: stream } }), []);
  const { signal } = new AbortController();
  const bin = join(dir, 'opencode');
  return runAgents(agents, { bin, client: shippedClient(), logs, parallel: 4, progress, signal, ...more });
}

test('a full disk stops only the agent whose log is on it', async () => {
  symlinkSync('/dev/full', join(logs, 'stay.log'));
  const [full, fine] = await run([agent('stay'), agent('fine')]);
  expect(full).toMatchObject({ ok: false, exitCode: 1 });
  expect(full?.reason).toMatch(/^cannot write its log: ENOSPC.*; free disk space, or .*--logs$/);
  expect(fine).toMatchObject({ ok: true, exitCode: 0, reason: '' });
  expect(readFileSync(fine?.log ?? '', 'utf8')).toMatch(/pong[\s\S]*# exit code 0\n$/);
});

test('after a later write error of the log, the process and the home with the keys are removed', async () => {
  // It only reads the first line.
  await execa('mkfifo', [join(logs, 'stay.log')]);
  const reader = execa('head', ['-n', '1', join(logs, 'stay.log')]);
  const begun = Date.now();
  const [report] = await run([agent('stay')]);
  await reader;
  expect(report).toMatchObject({ ok: false, exitCode: 1 });
  expect(report?.reason).toMatch(/^cannot write its log: .*EPIPE/);
  expect(Date.now() - begun).toBeLessThan(LIMIT * 1000);
  const [pid = '', home = ''] = readFileSync(join(dir, 'stay.seen'), 'utf8').trim().split(' ');
  expect(home).toContain('switchyard-client-');
  expect([existsSync(`/proc/${pid}`), existsSync(home)]).toEqual([false, false]);
});

test('an answer whose log could not be written is a failure', async () => {
  symlinkSync('/dev/full', join(logs, 'quick.log'));
  expect(await run([agent('quick')])).toMatchObject([{ ok: false, exitCode: 1 }]);
});

test('an agent whose log cannot be opened is not started', async () => {
  mkdirSync(join(logs, 'stay.log'));
  const [failed, fine] = await run([agent('stay'), agent('fine')]);
  expect(failed?.reason).toMatch(/^cannot write its log: EISDIR/);
  expect(existsSync(join(dir, 'stay.seen'))).toBe(false);
  expect(fine?.ok).toBe(true);
});

test('a log folder that is a file is an error that names --logs', async () => {
  const file = join(dir, 'opencode');
  const error = (await run([agent('fine')], { logs: file }).catch((e: unknown) => e)) as UserError;
  expect(error).toMatchObject({ name: 'UserError', where: file, found: 'EEXIST' });
  expect(error.allowed).toContain('--logs');
});

test.each(['typo', 'opencode', 'opencode/below'])(
  'a `dir` that is not a folder (%s) is reported as such, not as a missing opencode',
  async (name) => {
    const wrong = join(dir, name);
    const [report] = await run([agent('fine', { dir: wrong })]);
    expect([report?.ok, report?.reason]).toEqual([
      false,
      `the working directory ${wrong} does not exist; correct \`dir\` of the agent, or mkdir -p '${wrong}'`,
    ]);
  },
);

test('a missing opencode is reported with its path', async () => {
  const bin = join(dir, 'gone');
  const [report] = await run([agent('fine')], { bin });
  expect(report?.reason).toBe(`cannot start opencode (ENOENT: ${bin}); ./switchyard doctor`);
});

test('an agent gets the provider of its lane and its key, and no other', async () => {
  const keys = {
    GROQ_API_KEY: 'canary-groq',
    OPENAI_API_KEY: 'canary-openai',
    PORTKEY_API_KEY: 'canary-portkey',
  };
  const client = shippedClient({
    keys,
    settings: { portkey: { mode: 'cloud', configs: { auto: 'pc-auto' } } },
  });
  const own = mkdtempSync(join(dir, 'agent-'));
  const entry = { mode: 'primary' as const, model: 'groq-direct/openai/gpt-oss-20b', description: '' };
  const [report] = await run([agent('fine', { model: entry.model, dir: own, entry })], { client });
  expect(report).toMatchObject({ ok: true });
  const read = (name: string): unknown => JSON.parse(readFileSync(join(own, name), 'utf8'));
  expect(read('auth.json')).toEqual({ 'groq-direct': { type: 'api', key: 'canary-groq' } });
  const config = read('opencode.json') as StackClient['config'];
  expect([Object.keys(config.provider), config.enabled_providers]).toEqual([
    ['groq-direct'],
    ['groq-direct'],
  ]);
  expect(config.small_model).toMatch(/^groq-direct\//);
  expect(config.agent.fine).toEqual(entry);
  // The gateway's ledger records who asked. Other providers do not get the name.
  expect(JSON.stringify(config)).not.toContain('x-litellm-tags');
  const alias = { ...entry, model: 'litellm/groq-llama3-70b' };
  await run([agent('fine', { lane: 'fast', model: alias.model, dir: own, entry: alias })], { client });
  const { provider } = read('opencode.json') as StackClient['config'];
  expect(provider.litellm?.options.headers).toMatchObject({ 'x-litellm-tags': 'agent:fine,lane:fast' });
});
