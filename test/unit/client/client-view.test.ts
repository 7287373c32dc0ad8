import { describe, expect, test } from '@jest/globals';
import { opencodeAbilities } from '../../../domain/render/client-capabilities.ts';
import type { OpencodeConfig } from '../../../domain/render/opencode-files.ts';
import { gatewayOnly } from '../../../client/client-files.ts';
import { shippedClient } from '../../harness/client-of.ts';

/** Values that do not look like keys. */
const keys = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${name}_API_KEY`, `value of ${name}`]));
const EIGHT = [
  'litellm',
  'portkey',
  'openai-direct',
  'anthropic-direct',
  'deepseek-direct',
  'groq-direct',
  'openrouter-direct',
  'together-direct',
];
const models = (config: OpencodeConfig, provider: string): string[] =>
  Object.keys(config.provider[provider]?.models ?? {});

describe('a stack without any key', () => {
  const { config, auth, clientMetadata } = shippedClient();

  test('lists all eight providers, seven of them switched off', () => {
    expect(Object.keys(config.provider)).toEqual(EIGHT);
    expect(config.enabled_providers).toEqual(['litellm']);
    expect(config.disabled_providers).toEqual(EIGHT.slice(1));
  });

  test('has the mock as default model, and only the master key', () => {
    expect([config.model, config.small_model]).toEqual(['litellm/mock', 'litellm/mock']);
    expect(auth).toEqual({ litellm: { type: 'api', key: 'sk-master-0123456789' } });
  });

  test('has the command that enables it for each disabled provider', () => {
    for (const target of clientMetadata.smokeTargets.filter(({ provider }) => provider !== 'litellm')) {
      expect(target.skip?.command).toMatch(/^pulumi config set --secret [A-Z]+_API_KEY --stack unit$/);
    }
  });

  test('renders no agent: each is pinned to a provider that is off', () => expect(config.agent).toEqual({}));
});

describe('the default model', () => {
  test.each([
    [['GROQ', 'ANTHROPIC', 'OPENAI'], 'groq-direct/openai/gpt-oss-20b'],
    [['ANTHROPIC', 'OPENAI'], 'anthropic-direct/claude-sonnet-5-5'],
    [['OPENAI'], 'litellm/gpt-4-turbo'],
    [['OPENROUTER'], 'litellm/openrouter-auto'],
  ])('with keys of %j is %s', (names, model) => {
    const { config } = shippedClient({ keys: keys(...names) });
    expect(config.model).toBe(model);
    expect(config.enabled_providers).toContain(model.split('/')[0]);
  });

  test("is Portkey's or OpenRouter's if the gateway serves no model", () => {
    const settings = { mock: false, portkey: { configs: { auto: 'pc-1' } } };
    expect(shippedClient({ settings, keys: keys('PORTKEY') }).config.model).toBe('portkey/auto');
    expect(shippedClient({ settings }).config.model).toBeUndefined();
  });
});

describe('client.direct', () => {
  const all = keys('GROQ', 'OPENAI');

  test('gives clients only the chosen keys', () => {
    const { config, auth, clientMetadata } = shippedClient({
      keys: all,
      settings: { client: { direct: ['openai'] } },
    });
    expect(Object.keys(auth)).toEqual(['litellm', 'openai-direct']);
    expect(config.disabled_providers).toContain('groq-direct');
    expect(clientMetadata.providers.find(({ id }) => id === 'groq-direct')?.off?.reason).toBe(
      'not in client.direct',
    );
  });

  test("does not affect Portkey's key, which portkey.mode decides", () => {
    const settings = { client: { direct: [] } };
    const on = shippedClient({ keys: { ...all, ...keys('PORTKEY') }, settings });
    expect(Object.keys(on.auth)).toEqual(['litellm', 'portkey']);
    const off = shippedClient({
      keys: { ...all, ...keys('PORTKEY') },
      settings: { ...settings, portkey: { mode: 'off' } },
    });
    expect(Object.keys(off.auth)).toEqual(['litellm']);
  });

  test("an empty list, and --gateway-only, give clients no provider's key", () => {
    const none = shippedClient({ keys: all, settings: { client: { direct: [] } } });
    expect(Object.keys(none.auth)).toEqual(['litellm']);
    const only = gatewayOnly(shippedClient({ keys: { ...all, ...keys('PORTKEY') } }));
    expect(Object.keys(only.auth)).toEqual(['litellm']);
    expect(only.config.model).toBe('litellm/gpt-4-turbo');
    // Its header would read a file that is not written.
    expect(only.config.provider.portkey?.options.headers).toBeUndefined();
  });
});

describe('portkey', () => {
  test('cloud: refers to saved configs, and reads its key from a file', () => {
    const settings = { portkey: { configs: { auto: 'pc-1' } } };
    const { config, auth } = shippedClient({ settings, keys: keys('PORTKEY') });
    const { portkey } = config.provider;
    expect(portkey?.options.headers).toEqual({
      'x-portkey-api-key': '{file:~/.local/share/opencode/switchyard-portkey.key}',
    });
    expect(portkey?.models.auto?.headers).toEqual({ 'x-portkey-config': 'pc-1' });
    expect(portkey?.models).not.toHaveProperty('cheapest-available');
    expect(models(config, 'portkey')).toContain('@together/mistralai/Ministral-3-14B-Instruct-2512');
    expect(auth.portkey?.key).toBe('value of PORTKEY');
    expect(JSON.stringify(config)).not.toContain('value of');
  });

  test('local: uses the edge, the master key, and the routes that have a target with a key', () => {
    const settings = { portkey: { mode: 'local' } };
    const { config, auth } = shippedClient({ settings, keys: keys('TOGETHER') });
    expect(config.provider.portkey?.options).toEqual({ baseURL: 'http://127.0.0.1:4000/portkey/v1' });
    expect(models(config, 'portkey')).toEqual([
      'cheapest-available',
      'auto',
      'together-llama3-70b',
      'together-mixtral',
    ]);
    expect(auth.portkey).toEqual(auth.litellm);
    expect(shippedClient({ settings }).config.disabled_providers).toContain('portkey');
  });

  test('off: is in the file, switched off', () => {
    const { config } = shippedClient({ settings: { portkey: { mode: 'off' } }, keys: keys('PORTKEY') });
    expect(config.provider).toHaveProperty('portkey');
    expect(config.disabled_providers).toContain('portkey');
  });
});

describe('what a model accepts beside text', () => {
  const keys = { OPENAI_API_KEY: 'x', GROQ_API_KEY: 'x', DEEPSEEK_API_KEY: 'x', TOGETHER_API_KEY: 'x' };
  const { provider } = shippedClient({ keys }).config;
  const abilities = (id: string, model: string): unknown => {
    const { modalities, reasoning, tool_call } = provider[id]!.models[model]!;
    return [modalities?.input.join(), reasoning, tool_call];
  };

  test("is what the price map says of it, by the gateway's alias and directly", () => {
    const all = ['text,image,pdf', true, true];
    expect([abilities('litellm', 'gpt-4'), abilities('openai-direct', 'gpt-5.6')]).toEqual([all, all]);
    expect(abilities('litellm', 'deepseek-coder')).toEqual(['text,image', true, true]);
    expect(abilities('litellm', 'groq-mixtral')).toEqual(['text', true, true]);
  });

  test("is left to opencode's defaults where the map says nothing", () => {
    expect(abilities('litellm', 'together-mixtral')).toEqual([undefined, undefined, undefined]);
  });

  test('is no PDF where the SDK of the provider fails on one', () => {
    const { modalities } = opencodeAbilities(['pdf', 'image'], '@ai-sdk/groq');
    expect(modalities?.input).toEqual(['text', 'image']);
    expect(opencodeAbilities([], '@ai-sdk/openai')).toEqual({
      modalities: { input: ['text'], output: ['text'] },
      reasoning: false,
      tool_call: false,
    });
  });
});

test('each model has positive limits, and no embedding model is listed', () => {
  const { config } = shippedClient({ keys: keys(...EVERY) });
  for (const [provider, { models: served }] of Object.entries(config.provider)) {
    for (const [id, { limit }] of Object.entries(served)) {
      expect([provider, id, limit.context > 0 && limit.output > 0]).toEqual([provider, id, true]);
    }
  }
  expect(models(config, 'litellm')).not.toContain('embedding-small');
});

test('the four agents of the seed are pinned to their lanes', () => {
  const settings = { portkey: { configs: { auto: 'pc-1' } } };
  const { config } = shippedClient({ settings, keys: keys(...EVERY) });
  expect(Object.fromEntries(Object.entries(config.agent).map(([name, { model }]) => [name, model]))).toEqual({
    'fast-code': 'groq-direct/openai/gpt-oss-20b',
    'complex-reasoning': 'anthropic-direct/claude-sonnet-5-5',
    research: 'portkey/auto',
    critical: 'litellm/gpt-4',
  });
});

const EVERY = ['OPENAI', 'ANTHROPIC', 'DEEPSEEK', 'GROQ', 'MISTRAL', 'OPENROUTER', 'TOGETHER', 'PERPLEXITY', 'HUGGINGFACE', 'PORTKEY']; // prettier-ignore
