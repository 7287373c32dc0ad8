import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { explainFailure, OWN_REFUSALS, describeExplanation } from '../../../client/explain-failure.ts';
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
    [401, 'groq-direct rejected the key (401): bad key; pulumi config set --secret GROQ_API_KEY --stack dev'],
    [404, 'the provider no longer has this model: bad key; ./switchyard models dev --check'],
    [429, 'rate limited: bad key'],
    [0, 'cannot reach groq-direct: bad key'],
    [503, 'groq-direct answered 503: bad key'],
  ])('%i', (status, text) => expect(describeExplanation(explainFailure({ ...direct, status }))).toBe(text));
});

describe('the gateway', () => {
  test.each([
    [
      401,
      'the provider of mistral-large rejected the key (401): bad key; pulumi config set --secret MISTRAL_API_KEY --stack dev',
    ],
    [429, 'rate limited: bad key; with a second key (MISTRAL_API_KEY_2) the gateway would retry'],
    [503, 'no model of the fallback chain answered (503): bad key; ./switchyard status dev'],
    [502, 'the gateway cannot reach the provider of mistral-large, or gets no response (502): bad key'],
    [504, 'the gateway cannot reach the provider of mistral-large, or gets no response (504): bad key'],
    [0, 'the gateway does not answer: bad key; ./switchyard status dev'],
  ])('%i', (status, text) => expect(describeExplanation(explainFailure({ ...gateway, status }))).toBe(text));

  test.each([
    ['runtimes/gateway/image/programs', OWN_REFUSALS[0]],
    ['runtimes/portkey/image', OWN_REFUSALS[1]],
  ])("the stack's own rejection of a client's key is recognised; its message is in %s", (folder, message) => {
    const files = readdirSync(join(ROOT, folder)).filter((name) => /\.(py|mjs)$/.test(name));
    const found = files.filter((name) => readFileSync(join(ROOT, folder, name), 'utf8').includes(message));
    expect(found).not.toEqual([]);
    const text = describeExplanation(
      explainFailure({ ...gateway, status: 401, error: error(`${message}. More.`) }),
    );
    expect(text).toBe(`the gateway rejected the key: ${message}. More.; ./switchyard connect dev`);
  });

  test('a stack of an older release, whose outputs have no key names, gets a command too', () => {
    const { layer, provider, model, stack } = gateway;
    const old = { layer, provider, model, stack, error: 'x' };
    expect(explainFailure({ ...old, status: 401 }).command).toBe('./switchyard keys ages dev');
  });
});

test('providers that are skipped after a failure are not called rate limited; the message is that of the gateway', () => {
  const programs = join(ROOT, 'runtimes/gateway/image/programs');
  const message = /'(All providers of this model[^']*)'/.exec(
    readFileSync(join(programs, 'provider_failure.py'), 'utf8'),
  )?.[1];
  const { reason } = explainFailure({ ...gateway, status: 429, error: error(message ?? '') });
  expect(reason).toBe(
    'all providers of mistral-large failed a moment ago and are skipped for some seconds; ask again for the cause',
  );
});

test('a long message is not cut in the middle of a word', () => {
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
  const { reason } = explainFailure({ ...direct, status: 503, error: error(words) });
  expect(reason).toMatch(/ word\d+ …$/);
  expect(words).toContain(reason.slice(reason.indexOf('word0'), -2) + ' ');
});

test('a body that is not JSON is shortened to one line', () => {
  const { reason } = explainFailure({ ...direct, status: 502, error: `<html>\n${'x'.repeat(500)}` });
  expect(reason.length).toBeLessThan(200);
  expect(reason).not.toContain('\n');
});

test('each smoke target names the key of the provider that answers', () => {
  const keys = {
    GROQ_API_KEY: 'value-groq',
    MISTRAL_API_KEY: 'value-mistral',
    PORTKEY_API_KEY: 'value-portkey',
  };
  const settings = { portkey: { configs: { auto: 'pc-1' } } };
  const asked = (options: Parameters<typeof shippedClient>[0]): unknown[] =>
    shippedClient(options)
      .clientMetadata.smokeTargets.filter(({ skip }) => skip === undefined)
      .map(({ layer, provider, key }) => [layer, provider, key]);
  expect(asked({ keys, settings })).toEqual([
    [1, 'groq-direct', 'GROQ_API_KEY'],
    [2, 'litellm', 'GROQ_API_KEY'],
    [2, 'litellm', 'MISTRAL_API_KEY'],
    [3, 'portkey', 'PORTKEY_API_KEY'],
  ]);
  expect(asked({})).toEqual([[2, 'litellm', undefined]]);
});
