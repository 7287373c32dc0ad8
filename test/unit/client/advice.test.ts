import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { advise, OWN_REFUSALS, sentence } from '../../../client/advice.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { shippedClient } from '../../harness/client-of.ts';

const error = (message: string): string => JSON.stringify({ error: { message } });
const direct = {
  layer: 1 as const,
  provider: 'groq-direct',
  model: 'm',
  key: 'GROQ_API_KEY',
  stack: 'dev',
  error: error('bad key'),
};
const gateway = {
  ...direct,
  layer: 2 as const,
  provider: 'litellm',
  model: 'mistral-large',
  key: 'MISTRAL_API_KEY',
};

describe('a direct provider', () => {
  test.each([
    [401, 'groq-direct refuses the key (401): bad key; pulumi config set --secret GROQ_API_KEY --stack dev'],
    [404, 'the model is not there any more: bad key; ./switchyard models dev --check'],
    [429, 'rate limited: bad key'],
    [0, 'groq-direct cannot be reached: bad key'],
    [503, 'groq-direct answered 503: bad key'],
  ])('%i', (status, said) => expect(sentence(advise({ ...direct, status }))).toBe(said));
});

describe('the gateway', () => {
  test.each([
    [
      401,
      'the provider of mistral-large refuses the key (401): bad key; pulumi config set --secret MISTRAL_API_KEY --stack dev',
    ],
    [429, 'rate limited: bad key; a second key (MISTRAL_API_KEY_2) would be asked next'],
    [503, 'no model of the chain answered (503): bad key; ./switchyard status dev'],
    [0, 'the gateway does not answer: bad key; ./switchyard status dev'],
  ])('%i', (status, said) => expect(sentence(advise({ ...gateway, status }))).toBe(said));

  test.each([
    ['runtimes/gateway/programs', OWN_REFUSALS[0]],
    ['runtimes/portkey/image', OWN_REFUSALS[1]],
  ])("refuses a client's key in words of its own, which stand in %s", (folder, words) => {
    const files = readdirSync(join(ROOT, folder)).filter((name) => /\.(py|mjs)$/.test(name));
    const found = files.filter((name) => readFileSync(join(ROOT, folder, name), 'utf8').includes(words));
    expect(found).not.toEqual([]);
    const said = sentence(advise({ ...gateway, status: 401, error: error(`${words}. More.`) }));
    expect(said).toBe(`the gateway refuses the key: ${words}. More.; ./switchyard connect dev`);
  });

  test('a stack that was deployed before it told the names of keys has a command all the same', () => {
    const { layer, provider, model, stack } = gateway;
    const old = { layer, provider, model, stack, error: 'x' };
    expect(advise({ ...old, status: 401 }).command).toBe('./switchyard keys ages dev');
  });
});

test('a body that is no JSON is cut to one line', () => {
  const { reason } = advise({ ...direct, status: 502, error: `<html>\n${'x'.repeat(500)}` });
  expect(reason.length).toBeLessThan(200);
  expect(reason).not.toContain('\n');
});

test('each probe names the key of whoever answers', () => {
  const keys = {
    GROQ_API_KEY: 'value-groq',
    MISTRAL_API_KEY: 'value-mistral',
    PORTKEY_API_KEY: 'value-portkey',
  };
  const settings = { portkey: { configs: { auto: 'pc-1' } } };
  const asked = (options: Parameters<typeof shippedClient>[0]): unknown[] =>
    shippedClient(options)
      .guide.probes.filter(({ skip }) => skip === undefined)
      .map(({ layer, provider, key }) => [layer, provider, key]);
  expect(asked({ keys, settings })).toEqual([
    [1, 'groq-direct', 'GROQ_API_KEY'],
    [2, 'litellm', 'GROQ_API_KEY'],
    [2, 'litellm', 'MISTRAL_API_KEY'],
    [3, 'portkey', 'PORTKEY_API_KEY'],
  ]);
  expect(asked({})).toEqual([[2, 'litellm', undefined]]);
});
