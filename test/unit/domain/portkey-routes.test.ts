/** The config of the stack's own Portkey: each target calls its own provider's address with its own key. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { localConfig, type PortkeyTarget } from '../../../domain/render/portkey-routes.ts';
import type { Catalog, Provider } from '../../../domain/schema/catalog-schema.ts';
import { goodSettings, shippedCatalog } from './shipped.ts';

const { catalog } = shippedCatalog();

/** The path that Portkey (1.15.2) appends to the address for a chat; runtimes/portkey/test/portkey-image.test.ts compares it with the real one. */
const CHAT_PATHS: Record<string, string> = {
  openai: '/chat/completions',
  anthropic: '/messages',
  groq: '/chat/completions',
  'mistral-ai': '/chat/completions',
  openrouter: '/v1/chat/completions',
  'together-ai': '/v1/chat/completions',
  'perplexity-ai': '/chat/completions',
};

/** A catalogue with one route, to one chat model of each provider. */
function withEveryProvider(more: Catalog = catalog): Catalog {
  const models = Object.entries(more.models).filter(([, { mode }]) => mode === 'chat');
  const targets = Object.keys(more.providers).flatMap(
    (name) => models.find(([, { provider }]) => provider === name)?.[0] ?? [],
  );
  return { ...more, portkey: { routes: { every: { order: 'priority', targets } } } };
}

/** The targets of that route, by the value of their key: `key of <provider>`. */
function targetsOf(from: Catalog, baseUrls: Record<string, unknown> = {}): Record<string, PortkeyTarget> {
  const keys = Object.entries(from.providers).map(([name, { key }]) => [key, `key of ${name}`]);
  const config = localConfig(
    withEveryProvider(from),
    goodSettings({ baseUrls }),
    Object.fromEntries(keys) as Record<string, string>,
  );
  const every = config.targets.find(({ name }) => name === 'every')?.targets ?? [];
  return Object.fromEntries(every.map((target) => [(target.api_key ?? '').replace('key of ', ''), target]));
}

function urls(targets: Record<string, PortkeyTarget>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(targets).map(([name, { provider = '', custom_host: host }]) => [
      name,
      `${host}${CHAT_PATHS[provider]}`,
    ]),
  );
}

/** The same providers in this order. */
function ordered(names: readonly string[], from: Catalog = catalog): Catalog {
  const models = Object.entries(from.models).filter(([, { provider }]) => names.includes(provider));
  const providers = names.flatMap((name) => {
    const provider = from.providers[name];
    return provider === undefined ? [] : [[name, provider] as const];
  });
  return { ...from, providers: Object.fromEntries(providers), models: Object.fromEntries(models) };
}

const URLS = {
  openai: 'https://api.openai.com/v1/chat/completions',
  anthropic: 'https://api.anthropic.com/v1/messages',
  deepseek: 'https://api.deepseek.com/chat/completions',
  groq: 'https://api.groq.com/openai/v1/chat/completions',
  mistral: 'https://api.mistral.ai/v1/chat/completions',
  openrouter: 'https://openrouter.ai/api/v1/chat/completions',
  together: 'https://api.together.xyz/v1/chat/completions',
  perplexity: 'https://api.perplexity.ai/chat/completions',
  huggingface: 'https://router.huggingface.co/v1/chat/completions',
};

describe('the address of a target', () => {
  test('is that of its provider, for every shipped provider', () => {
    expect(urls(targetsOf(catalog))).toEqual(URLS);
  });

  test('does not depend on other providers or their order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(URLS), { minLength: 1 }), (names) => {
        const wanted = Object.entries(URLS).filter(([name]) => names.includes(name));
        expect(urls(targetsOf(ordered(names)))).toEqual(Object.fromEntries(wanted));
      }),
      { seed: Number(process.env.FC_SEED ?? 1), examples: [[['deepseek', 'openai']], [['deepseek']]] },
    );
  });

  test("is a custom provider's own, unless a setting overrides it", () => {
    const own: Provider = {
      name: 'Own',
      key: 'OWN_API_KEY',
      keyPattern: 'own-[a-z]{20}',
      litellm: 'openai',
      baseUrl: 'https://llm.example.com/api/v1/',
    };
    const model = { ...catalog.models['deepseek-coder']!, provider: 'own' };
    const more = (portkey: string): Catalog => ({
      ...catalog,
      providers: { own: { ...own, portkey }, ...catalog.providers },
      models: { ...catalog.models, 'own-model': model },
    });
    const host = (portkey: string, setting?: unknown): unknown =>
      targetsOf(more(portkey), setting === undefined ? {} : { own: setting }).own?.custom_host;
    expect(host('openai')).toBe('https://llm.example.com/api/v1');
    expect(urls(targetsOf(more('openai')))).toMatchObject(URLS);
    expect(host('openai', 'http://proxy:8080/own/v1')).toBe('http://proxy:8080/own/v1');
    expect(host('openai', { gateway: 'http://proxy:8080/own/v1' })).toBe('http://proxy:8080/own/v1');
    expect(host('openai', { client: 'http://proxy:8080' })).toBe('https://llm.example.com/api/v1');
    own.gatewayBaseUrl = 'http://inside:8000/v1';
    expect(host('openai')).toBe('http://inside:8000/v1');
    expect(host('openai', 'http://proxy:8080/own/v1')).toBe('http://proxy:8080/own/v1');
    delete own.gatewayBaseUrl;
    expect(host('deepseek')).toBe('https://llm.example.com/api');
    expect(host('lepton')).toBe('https://llm.example.com');
    for (const address of ['http://proxy/own', 'http://proxy/own/v1/'])
      expect(host('anthropic', address)).toBe('http://proxy/own/v1');
  });
});

test("a target has its provider's first key that is set, and no route leads to a provider without a key", () => {
  const settings = goodSettings();
  const every = withEveryProvider();
  const config = localConfig(every, settings, { DEEPSEEK_API_KEY_2: 'second', DEEPSEEK_API_KEY_3: 'third' });
  const target = {
    provider: 'openai',
    api_key: 'second',
    custom_host: 'https://api.deepseek.com',
    override_params: { model: 'deepseek-v4-flash' },
    request_timeout: 60_000,
  };
  expect(config.targets.map(({ name, targets }) => [name, targets])).toEqual([
    ['every', [target]],
    ['deepseek-coder', [target]],
  ]);
});

test('the limits of the catalogue and of the settings are in the file', () => {
  const { limits, targets } = localConfig(
    withEveryProvider({ ...catalog, limits: { ...catalog.limits, requestTimeout: 7 } }),
    goodSettings({ maxBodyMb: 3 }),
    { OPENAI_API_KEY: 'key' },
  );
  expect(limits).toEqual({ requestTimeout: 7, maxBodyMb: 3 });
  const timeouts = targets.flatMap(({ targets }) => targets ?? []).map((target) => target.request_timeout);
  expect(new Set(timeouts)).toEqual(new Set([7000]));
});
