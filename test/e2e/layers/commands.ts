import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import type { AgentReport } from '../../../client/agents-plan.ts';
import type { SmokeRow } from '../../../client/smoke-rows.ts';
import { descendants } from '../../../drills/processes.ts';
import { KEYS, type LayersStack, MINUTE } from './layers-stack.ts';

/** Tests the commands on the deployed stack, with the real opencode. */
export function commands(stack: LayersStack): void {
  test(
    'smoke calls every layer and provider, and all answer',
    async () => {
      await stack.resetFaults();
      const rows = await stack.checkout.json<SmokeRow[]>(['smoke', stack.stack]);
      expect(rows.filter(({ ok }) => ok !== true)).toEqual([]);
      expect([...new Set(rows.map(({ layer }) => layer))].sort()).toEqual([1, 2, 3]);
      const asked = new Set((await stack.received()).map(({ provider }) => provider));
      expect([...asked].sort()).toEqual(
        expect.arrayContaining([
          'anthropic',
          'deepseek',
          'groq',
          'mistral',
          'openai',
          'openrouter',
          'together',
        ]),
      );
    },
    10 * MINUTE,
  );

  test('usage shows the calls of each provider with their key and cost', async () => {
    type Page = { data: { results: { provider: string; api_key_id: string; num_attempts: number }[] }[] };
    const page = await stack.checkout.json<Page>([
      'usage',
      stack.stack,
      '--by',
      'provider,key',
      '--since',
      '1h',
    ]);
    const results = page.data.flatMap((bucket) => bucket.results);
    const called = results.filter(({ num_attempts }) => num_attempts > 0);
    expect(called.map(({ provider }) => provider)).toEqual(
      expect.arrayContaining(['anthropic', 'groq', 'openai']),
    );
    const keys = new Set(called.map(({ api_key_id }) => api_key_id));
    // `agents` and opencode use the key default, `smoke` the master key.
    expect(['default', 'master']).toEqual(expect.arrayContaining([...keys]));
    expect(keys).toContain('master');
  });

  test(
    "connect writes all providers' keys, and none of them with --gateway-only",
    async () => {
      const write = async (folder: string, ...flags: string[]): Promise<string> => {
        const dir = join(stack.checkout.dir, folder);
        const { files } = await stack.checkout.json<{ files: { path: string }[] }>([
          ...['connect', stack.stack, '--dir', dir],
          ...flags,
        ]);
        const auth = files.map(({ path }) => path).find((path) => path.endsWith('auth.json')) ?? '';
        expect(statSync(auth).mode & 0o777).toBe(0o600);
        return readFileSync(auth, 'utf8');
      };
      const [few, all] = [await write('few', '--gateway-only'), await write('all')];
      expect(few).toContain(await stack.defaultKey());
      expect(few + all).not.toContain(stack.key);
      for (const key of [KEYS.OPENAI_API_KEY, KEYS.GROQ_API_KEY, KEYS.ANTHROPIC_API_KEY]) {
        expect(few).not.toContain(key);
        expect(all).toContain(key);
      }
    },
    MINUTE,
  );

  test('portkey prints the configuration for the cloud, without a key', async () => {
    const { exitCode, stdout } = await stack.checkout.switchyard(['portkey', stack.stack]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      `pulumi config set --path 'portkey.configs["auto"]' pc-… --stack ${stack.stack}`,
    );
    for (const key of Object.values(KEYS)) expect(stdout).not.toContain(key);
  });

  describe('agents', () => {
    const logs = (folder: string): string[] => ['--logs', join(stack.checkout.dir, folder)];

    // All four of the shipped file run in test/e2e/agents-command.test.ts. An opencode costs seconds of CPU.
    let two: string[];
    beforeAll(() => {
      const file = join(stack.checkout.dir, 'config-templates/agents.yaml');
      const agents = parseDocument(readFileSync(file, 'utf8'));
      for (const name of ['complex-reasoning', 'research']) agents.deleteIn(['agents', name]);
      const path = join(stack.checkout.dir, 'two-agents.yaml');
      writeFileSync(path, String(agents));
      two = ['--file', path];
    });

    test(
      'an agent whose provider is down fails alone; an agent behind the gateway gets an answer from the fallback',
      async () => {
        await stack.resetFaults();
        // fast-code calls Groq directly; critical calls the gateway for gpt-4, whose provider is down too.
        await stack.injectFaults({ path: '/groq', status: 503 }, { path: '/openai', status: 503 });
        const { exitCode, stdout, stderr } = await stack.checkout.switchyard([
          ...['agents', stack.stack, '--json', ...two],
          ...logs('dead'),
        ]);
        const reports = JSON.parse(stdout) as AgentReport[];
        expect(reports.map(({ agent, ok }) => [agent, ok])).toEqual([
          ['fast-code', false],
          ['critical', true],
        ]);
        expect(exitCode).toBe(1);
        const of = (name: string): AgentReport => reports.find(({ agent }) => agent === name)!;
        expect(of('fast-code').reason).toMatch(/^the provider failed \d+ times in a row: /);
        expect(readFileSync(of('critical').log, 'utf8')).toContain('Hello from anthropic');
        for (const key of [...Object.values(KEYS), stack.key])
          for (const text of [stdout, stderr, ...reports.map(({ log }) => readFileSync(log, 'utf8'))])
            expect(text.includes(key)).toBe(false);
      },
      5 * MINUTE,
    );

    test(
      'Ctrl-C stops all agents and leaves no process behind',
      async () => {
        await stack.resetFaults();
        await stack.injectFaults({ path: '/', hang: true });
        const { dir, env } = stack.checkout;
        const args = ['agents', stack.stack, '--json', ...two, ...logs('stopped')];
        // Like in a terminal: the command is a process group of its own, and the signal goes to the whole group.
        const options = {
          cwd: dir,
          env,
          extendEnv: false,
          reject: false,
          detached: true,
          stdin: 'ignore',
        } as const;
        const running = execa('./switchyard', args, options);
        for (let i = 0; (await stack.received()).length < 2 && i < 240; i += 1)
          await new Promise((done) => setTimeout(done, 500));
        const started = descendants(running.pid!);
        expect(started.length).toBeGreaterThan(2);
        process.kill(-running.pid!, 'SIGINT');
        const { exitCode, stdout } = await running;
        expect(exitCode).toBe(130);
        const reports = JSON.parse(stdout) as AgentReport[];
        expect(reports.map((report) => [report.exitCode, report.reason])).toEqual(
          Array(2).fill([130, 'stopped']),
        );
        expect(started.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      },
      5 * MINUTE,
    );
  });
}
