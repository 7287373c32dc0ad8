/** Clients other than opencode: what is written for them, beside what the user has there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { changeClients } from '../../../client/change-clients.ts';
import {
  connectedTools,
  type ConnectedTool,
  planTool,
  planToolOff,
} from '../../../client/tools/connect-tool.ts';
import type { ToolName } from '../../../client/tools/all-tools.ts';
import { parseFile } from '../../../client/file-format.ts';
import { clientVariables } from '../../../domain/render/client-variables.ts';
import { gatewayAccess, type GatewayAccess } from '../../../domain/render/gateway-access.ts';
import { exportLines } from '../../../console/shell.ts';
import { shippedClient, type ShippedOptions } from '../../harness/client-of.ts';

const KEYS = { OPENAI_API_KEY: 'canary-openai', ANTHROPIC_API_KEY: 'canary-anthropic' };
const DEV = { stack: 'dev', endpoint: 'http://127.0.0.1:4000', masterKey: 'canary-master-dev' };
const PROD = { stack: 'prod', endpoint: 'http://127.0.0.1:4100', masterKey: 'canary-master-prod' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'switchyard-clients-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Rendering takes long, so each stack is rendered once. */
const rendered = new Map<string, GatewayAccess>();
function access(options: ShippedOptions = {}): GatewayAccess {
  const given = { ...DEV, keys: KEYS, ...options };
  const name = JSON.stringify(given);
  if (!rendered.has(name)) {
    const { config, auth } = shippedClient(given);
    rendered.set(name, gatewayAccess(given.stack, config, auth)!);
  }
  return rendered.get(name)!;
}

async function connect(
  client: ToolName,
  more: ShippedOptions & { env?: NodeJS.ProcessEnv; dir?: string } = {},
): Promise<ConnectedTool> {
  const { env = {}, dir, ...options } = more;
  const found = access(options);
  const { stack, endpoint } = found;
  const plan = () => planTool(client, found, { stack, endpoint }, { home, env, dir });
  return (await changeClients([client], plan))[0]!;
}

const text = (name: string): string => readFileSync(join(home, name), 'utf8');
const mode = (name: string): number => statSync(join(home, name)).mode & 0o777;
function write(name: string, content: string): void {
  mkdirSync(dirname(join(home, name)), { recursive: true });
  writeFileSync(join(home, name), content);
}

describe('which models', () => {
  test("Claude Code's tiers are the aliases that bear their names, or are served by such a model; else the default and the cheapest", async () => {
    const tiers = async (options: ShippedOptions): Promise<unknown> => {
      await connect('claude-code', options);
      const { env } = JSON.parse(text('.claude/settings.json')) as { env: Record<string, string> };
      return ['OPUS', 'SONNET', 'HAIKU'].map((tier) => env[`ANTHROPIC_DEFAULT_${tier}_MODEL`]);
    };
    expect(await tiers({})).toEqual(['claude-3-opus', 'claude-3-5-sonnet', access().smallModel]);
    const { model, smallModel } = access({ keys: { GROQ_API_KEY: 'x' } });
    expect(await tiers({ keys: { GROQ_API_KEY: 'x' } })).toEqual([model, model, smallModel]);
    expect([model, smallModel]).toEqual(['groq-llama3-70b', 'groq-mixtral']);
  });

  test('a stack without models has nothing to connect to', () => {
    const { config, auth } = shippedClient({ settings: { production: true } });
    expect(gatewayAccess('prod', config, auth)).toBeUndefined();
  });

  test('Claude Code compacts before the smallest of its models is full, and writes no more than it may', async () => {
    await connect('claude-code', { keys: { GROQ_API_KEY: 'x' } });
    const { env } = JSON.parse(text('.claude/settings.json')) as { env: Record<string, string> };
    const limits = Object.entries(access({ keys: { GROQ_API_KEY: 'x' } }).models).filter(
      ([id]) => id !== 'mock',
    );
    expect(Number(env.CLAUDE_CODE_AUTO_COMPACT_WINDOW)).toBe(
      Math.min(...limits.map(([, { limit }]) => limit.context)),
    );
    expect(Number(env.CLAUDE_CODE_MAX_OUTPUT_TOKENS ?? 32_000)).toBeLessThanOrEqual(
      Math.min(...limits.map(([, { limit }]) => limit.output)),
    );
  });
});

describe('keys', () => {
  test.each<[ToolName, string, string[]]>([
    [
      'claude-code',
      '.claude/switchyard.key',
      ['.claude/settings.json', '.claude/switchyard-claude-code.json'],
    ],
    ['codex', '.codex/switchyard.key', ['.codex/config.toml', '.codex/switchyard-codex.json']],
    [
      'aider',
      '.aider/switchyard.env',
      ['.aider.conf.yml', '.aider/switchyard-models.json', '.aider/switchyard-aider.json'],
    ],
  ])(
    '%s: only in a file that nobody else can read, and no provider key anywhere',
    async (client, secret, others) => {
      const result = await connect(client);
      expect([mode(secret), text(secret).includes(DEV.masterKey)]).toEqual([0o600, true]);
      const rest = JSON.stringify([...others.map(text), result]);
      expect(rest).not.toContain('canary-');
      expect(text(secret)).not.toContain('canary-openai');
      // A file that became readable is closed again.
      await execa('chmod', ['644', join(home, secret)]);
      await connect(client);
      expect(mode(secret)).toBe(0o600);
    },
  );

  test("aider's variables survive any key, quoted as python-dotenv reads them", async () => {
    await connect('aider', { masterKey: `a'b\\c "d" $e #f` });
    expect(text('.aider/switchyard.env')).toContain(`AIDER_OPENAI_API_KEY='a\\'b\\\\c "d" $e #f'\n`);
  });
});

describe("the user's own values", () => {
  test('Claude Code: stay, and are restored by the next stack', async () => {
    write(
      '.claude/settings.json',
      '{\n  "model": "opus",\n  "env": { "FOO": "1" },\n  "permissions": { "allow": ["Bash(ls)"] }\n}\n',
    );
    await connect('claude-code');
    const result = await connect('claude-code', PROD);
    expect(result.switchedFrom).toBe('dev');
    const settings = JSON.parse(text('.claude/settings.json')) as { env: Record<string, string> };
    expect(settings).toMatchObject({
      model: 'opus',
      permissions: { allow: ['Bash(ls)'] },
      env: { FOO: '1', ANTHROPIC_BASE_URL: PROD.endpoint },
      apiKeyHelper: `cat ${join(home, '.claude/switchyard.key')}`,
    });
    expect(text('.claude/switchyard.key')).toBe(`${PROD.masterKey}\n`);
  });

  test('Codex: comments, tables and profiles stay; a replaced model is told and saved', async () => {
    const mine = '# mine\nmodel = "gpt-5.5" # my favourite\n\n[mcp_servers.x]\ncommand = "x"\n';
    write('.codex/config.toml', mine);
    const result = await connect('codex');
    const config = text('.codex/config.toml');
    expect(config).toContain('# mine');
    expect(config.indexOf('model_provider')).toBeLessThan(config.indexOf('[mcp_servers.x]'));
    expect(parseFile(config, 'toml', 'x')).toMatchObject({
      model: access().model,
      model_provider: 'switchyard',
      mcp_servers: { x: { command: 'x' } },
      model_providers: {
        switchyard: {
          base_url: `${DEV.endpoint}/v1`,
          auth: { command: 'cat', args: [join(home, '.codex/switchyard.key')] },
        },
      },
    });
    expect(result.notes.join()).toMatch(/your model was replaced.*config\.toml\.before-switchyard/);
    expect(text('.codex/config.toml.before-switchyard')).toBe(mine);
  });

  test('aider: other settings stay, with their comments', async () => {
    write('.aider.conf.yml', '# my editor\ndark-mode: true\n');
    await connect('aider');
    expect(text('.aider.conf.yml')).toMatch(/^# my editor\ndark-mode: true\n/);
    expect(parseFile(text('.aider.conf.yml'), 'yaml', 'x')).toMatchObject({
      'dark-mode': true,
      model: `openai/${access().model}`,
      'env-file': join(home, '.aider/switchyard.env'),
    });
  });

  test('a malformed file is named with its position, and nothing is written', async () => {
    write('.codex/config.toml', 'model = \n');
    await expect(connect('codex')).rejects.toMatchObject({ where: expect.stringContaining('config.toml:') });
    expect(existsSync(join(home, '.codex/switchyard.key'))).toBe(false);
  });
});

describe('taken out, what the user has changed in the meantime', () => {
  const off = async (client: ToolName) =>
    (await changeClients([client], () => planToolOff(client, { home, env: {} })))[0]!;
  const edit = (name: string, from: string, to: string): void => write(name, text(name).replace(from, to));

  test('a provider of ours goes as a whole, also after the next `up`', async () => {
    const mine = '# mine\napproval_policy = "never"\n';
    for (const again of [false, true]) {
      write('.codex/config.toml', mine);
      await connect('codex');
      edit('.codex/config.toml', ':4000', ':4201');
      if (again) await connect('codex', PROD);
      if (again) edit('.codex/config.toml', ':4100', ':4201');
      expect((await off('codex')).notes).toEqual([]);
      expect(text('.codex/config.toml').trim()).toBe(mine.trim());
    }
  });

  test("a provider that was the user's own before is restored", async () => {
    const mine = '[model_providers.switchyard]\nname = "mine"\nbase_url = "http://mine"\n';
    write('.codex/config.toml', mine);
    await connect('codex');
    edit('.codex/config.toml', 'approval', '');
    await off('codex');
    expect(text('.codex/config.toml')).toBe(mine);
  });

  test('a value stays, and is named with its file and key', async () => {
    await connect('claude-code');
    edit('.claude/settings.json', ':4000', ':4201');
    expect((await off('claude-code')).notes).toEqual([
      `${home}/.claude/settings.json: env.ANTHROPIC_BASE_URL stays, since you have changed its value: it is yours now`,
    ]);
    expect(JSON.parse(text('.claude/settings.json'))).toEqual({
      env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:4201' },
    });
  });

  test('our own file goes, whatever is in it: it has a key', async () => {
    await connect('aider');
    edit('.aider/switchyard.env', ':4000', ':4201');
    await off('aider');
    expect(existsSync(join(home, '.aider/switchyard.env'))).toBe(false);
  });
});

describe('where', () => {
  test("the client's own variable for its folder is followed, and --dir outranks it", async () => {
    const env = { CODEX_HOME: join(home, 'moved'), CLAUDE_CONFIG_DIR: join(home, 'other') };
    await connect('codex', { env });
    await connect('claude-code', { env });
    expect([
      existsSync(join(home, 'moved/config.toml')),
      existsSync(join(home, 'other/settings.json')),
    ]).toEqual([true, true]);
    const { try: tryIt } = await connect('codex', { env, dir: join(home, 'a folder') });
    expect(tryIt).toBe(`CODEX_HOME='${home}/a folder' codex exec --skip-git-repo-check "hi"`);
    expect(existsSync(join(home, 'a folder/config.toml'))).toBe(true);
  });

  test('a key file in a folder with spaces is still read', async () => {
    await connect('claude-code', { dir: join(home, "it's mine") });
    const { apiKeyHelper } = JSON.parse(text("it's mine/settings.json")) as { apiKeyHelper: string };
    expect((await execa('sh', ['-c', apiKeyHelper])).stdout).toBe(DEV.masterKey);
  });

  test('those connected to a stack are found again, others are not', async () => {
    await connect('codex');
    await connect('aider', PROD);
    const place = { home, env: {} };
    const found = async (stack: string) =>
      (await connectedTools({ stack }, place)).map(({ client }) => client);
    expect(await found('dev')).toEqual(['codex']);
    expect(await found('prod')).toEqual(['aider']);
  });
});

describe('what outranks our values is told', () => {
  test.each<[string, ToolName, NodeJS.ProcessEnv, RegExp]>([
    [
      'an exported key',
      'claude-code',
      { ANTHROPIC_API_KEY: 'x' },
      /ANTHROPIC_API_KEY is exported.*conflict; unset/,
    ],
    ['an exported token', 'claude-code', { ANTHROPIC_AUTH_TOKEN: 'x' }, /ANTHROPIC_AUTH_TOKEN is exported/],
    ['a cloud', 'claude-code', { CLAUDE_CODE_USE_BEDROCK: '1' }, /CLAUDE_CODE_USE_BEDROCK/],
    [
      'an exported model',
      'claude-code',
      { ANTHROPIC_MODEL: 'claude-opus-9' },
      /claude-opus-9, which the gateway does not serve; allowed: opus, .*claude-3-opus/,
    ],
    ['an exported model of aider', 'aider', { AIDER_MODEL: 'x' }, /AIDER_MODEL is exported/],
  ])('%s', async (_, client, env, note) => {
    expect((await connect(client, { env })).notes.join('\n')).toMatch(note);
  });

  test('a key that `connect --client env` made the user export is told from a key of Anthropic', async () => {
    const { set } = clientVariables(access());
    const [note, ...more] = (await connect('claude-code', { env: set })).notes.filter((one) =>
      one.startsWith('ANTHROPIC_'),
    );
    expect(note).toMatch(
      /^ANTHROPIC_API_KEY is exported for this gateway, as `connect --client env` prints it/,
    );
    expect(note).not.toContain(set.ANTHROPIC_API_KEY!);
    expect(more).toEqual([]);
  });

  test("a model or key in the user's own settings", async () => {
    write('.claude/settings.json', '{"model":"claude-opus-9","env":{"ANTHROPIC_API_KEY":"mine"}}');
    const notes = (await connect('claude-code')).notes.join('\n');
    expect(notes).toMatch(/sets model to claude-opus-9, which the gateway does not serve/);
    expect(notes).toMatch(/sets env\.ANTHROPIC_API_KEY/);
    expect(notes).not.toContain('mine');
    write('.codex/config.toml', 'profile = "work"\n');
    expect((await connect('codex')).notes.join('\n')).toMatch(/selects profile work/);
  });

  test('nothing is said on a machine without any of that, but for a client that is not installed', async () => {
    writeFileSync(join(home, 'claude'), '', { mode: 0o755 });
    expect((await connect('claude-code', { env: { PATH: home, ANTHROPIC_MODEL: 'opus' } })).notes).toEqual(
      [],
    );
    expect((await connect('codex', { env: { PATH: home } })).notes).toEqual([
      'codex is not on the PATH: npm install -g @openai/codex',
    ]);
  });
});

test('the variables for any other client survive a shell, whatever the key', async () => {
  const masterKey = `a'b\\c "d" $e \`f\``;
  const { set, unset } = clientVariables(access({ masterKey }));
  const script = `${exportLines(set)}\nunset ${unset.join(' ')}\nprintf '%s|' "$OPENAI_API_KEY" "$ANTHROPIC_API_KEY" "$OPENAI_BASE_URL" "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN"`;
  const { stdout } = await execa('sh', ['-c', script], { env: { ANTHROPIC_AUTH_TOKEN: 'foreign' } });
  expect(stdout).toBe(`${masterKey}|${masterKey}|${DEV.endpoint}/v1|${DEV.endpoint}||`);
});
