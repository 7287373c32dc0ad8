/** Portkey's routes as configs for its cloud: in the catalogue's order or by price, and without a key. */
import { expect, test } from '@jest/globals';
import { cloudConfig, type PortkeyTarget, routes } from '../../../domain/render/portkey-routes.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { allKeys, shippedCatalog } from './shipped.ts';

const { catalog } = shippedCatalog();

const config = (name: string, from: Catalog = catalog): PortkeyTarget => {
  const route = routes(from).find((one) => one.name === name);
  if (route === undefined) throw new Error(`no route ${name}`);
  return cloudConfig(route);
};
const target = (provider: string, model: string): PortkeyTarget => ({
  provider: `@${provider}`,
  override_params: { model },
});
const fallback = {
  mode: 'fallback',
  on_status_codes: expect.arrayContaining([401, 429, 500, 503]),
};

test('auto tries its targets by priority', () => {
  expect(config('auto')).toEqual({
    strategy: fallback,
    targets: [
      target('openrouter', 'openrouter/auto'),
      target('together', 'meta-models/Muse-Glimmer-30B'),
      target('huggingface', 'openai/gpt-oss-120b'),
    ],
  });
});

test('cheapest-available tries its targets by price, unknown prices last', () => {
  const targets = [
    target('groq', 'openai/gpt-oss-20b'),
    target('together', 'mistralai/Ministral-3-14B-Instruct-2512'),
    target('together', 'meta-models/Muse-Glimmer-30B'),
    target('openrouter', 'anthropic/claude-opus-5'),
  ];
  expect(config('cheapest-available')).toEqual({ strategy: fallback, targets });
  const order = 'price' as const;
  const among = ['openrouter-auto', 'openrouter-claude-3-opus', 'groq-mixtral'];
  const unknown = { ...catalog, portkey: { routes: { cheap: { order, targets: among } } } };
  expect(config('cheap', unknown).targets).toEqual([
    targets[0],
    targets[3],
    target('openrouter', 'openrouter/auto'),
  ]);
});

test('configs hold no key, and an invalid request is not retried with another target', () => {
  for (const route of routes(catalog)) {
    const text = JSON.stringify(cloudConfig(route));
    for (const word of ['api_key', 'custom_host', ...allKeys(catalog)]) expect(text).not.toContain(word);
    expect(cloudConfig(route).strategy).not.toMatchObject({
      on_status_codes: expect.arrayContaining([400]),
    });
  }
});
