/** What the machine can do to a run of agents: a full disk, a wrong folder. A script stands for opencode. */
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
import { Board } from '../../../client/board.ts';
import { Output } from '../../../console/output.ts';
import type { UserError } from '../../../console/errors.ts';
import { shippedClient } from '../../harness/client-of.ts';

/** Notes its process and its home; then answers, and where the prompt says so stays on. */
const OPENCODE = `#!/bin/sh
for prompt; do :; done
echo "$$ $XDG_DATA_HOME" > "$prompt.seen"
test -f "$XDG_DATA_HOME/opencode/auth.json" || exit 9
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
  return { name: prompt, lane: 'x', model: 'litellm/mock', prompt, dir, timeout: LIMIT, entry, ...more };
}
function run(agents: ReadyAgent[], more: { logs?: string; bin?: string } = {}): Promise<AgentReport[]> {
  const stream = { write: () => true };
  const board = new Board(new Output({ streams: { stdout: stream, stderr: stream } }), []);
  const { signal } = new AbortController();
  const bin = join(dir, 'opencode');
  return runAgents(agents, { bin, client: shippedClient(), logs, parallel: 4, board, signal, ...more });
}

test('a full disk ends the agent whose log is on it, and no other', async () => {
  symlinkSync('/dev/full', join(logs, 'stay.log'));
  const [full, fine] = await run([agent('stay'), agent('fine')]);
  expect(full).toMatchObject({ ok: false, exitCode: 1 });
  expect(full?.reason).toMatch(/^its log cannot be written, ENOSPC.*; make room, or .*--logs$/);
  expect(fine).toMatchObject({ ok: true, exitCode: 0, reason: '' });
  expect(readFileSync(fine?.log ?? '', 'utf8')).toMatch(/pong[\s\S]*# exit code 0\n$/);
});

test('a log that fails later leaves neither the process nor the home with the keys', async () => {
  // It takes the first line, no more.
  await execa('mkfifo', [join(logs, 'stay.log')]);
  const reader = execa('head', ['-n', '1', join(logs, 'stay.log')]);
  const begun = Date.now();
  const [report] = await run([agent('stay')]);
  await reader;
  expect(report).toMatchObject({ ok: false, exitCode: 1 });
  expect(report?.reason).toMatch(/^its log cannot be written, .*EPIPE/);
  expect(Date.now() - begun).toBeLessThan(LIMIT * 1000);
  const [pid = '', home = ''] = readFileSync(join(dir, 'stay.seen'), 'utf8').trim().split(' ');
  expect(home).toContain('switchyard-client-');
  expect([existsSync(`/proc/${pid}`), existsSync(home)]).toEqual([false, false]);
});

test('an answer whose log was lost is no success', async () => {
  symlinkSync('/dev/full', join(logs, 'quick.log'));
  expect(await run([agent('quick')])).toMatchObject([{ ok: false, exitCode: 1 }]);
});

test('a log that cannot be opened ends its agent before it begins', async () => {
  mkdirSync(join(logs, 'stay.log'));
  const [failed, fine] = await run([agent('stay'), agent('fine')]);
  expect(failed?.reason).toMatch(/^its log cannot be written, EISDIR/);
  expect(existsSync(join(dir, 'stay.seen'))).toBe(false);
  expect(fine?.ok).toBe(true);
});

test('a folder for logs that is a file is an error with a way out', async () => {
  const file = join(dir, 'opencode');
  const error = (await run([agent('fine')], { logs: file }).catch((e: unknown) => e)) as UserError;
  expect(error).toMatchObject({ name: 'UserError', where: file, found: 'EEXIST' });
  expect(error.allowed).toContain('--logs');
});

test.each(['typo', 'opencode', 'opencode/below'])(
  'a `dir` that is no folder (%s) is told from a missing opencode',
  async (name) => {
    const wrong = join(dir, name);
    const [report] = await run([agent('fine', { dir: wrong })]);
    expect([report?.ok, report?.reason]).toEqual([
      false,
      `there is no folder ${wrong} to work in; correct \`dir\` of the agent, or mkdir -p '${wrong}'`,
    ]);
  },
);

test('an opencode that is not there is called by its path', async () => {
  const bin = join(dir, 'gone');
  const [report] = await run([agent('fine')], { bin });
  expect(report?.reason).toBe(`opencode could not be started (ENOENT: ${bin}); ./switchyard doctor`);
});
