import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { fileMeanings } from '../../../preview/file-changes.ts';
import { configMeanings } from '../../../preview/config-changes.ts';

interface Served {
  upstream: string;
  keys?: number;
  timeout?: number;
}

/** LiteLLM's config as the renderer writes it. */
function config(models: Record<string, Served>, chains: Record<string, string[]> = {}, ttl = 3600): string {
  return stringify({
    model_list: Object.entries(models).flatMap(([alias, { upstream, keys = 1, timeout = 60 }]) =>
      Array.from({ length: keys }, (_, index) => ({
        model_name: alias,
        litellm_params: {
          model: upstream,
          api_key: `os.environ/KEY_${index + 1}`,
          ...(keys > 1 ? { order: index + 1 } : {}),
          timeout,
        },
        model_info: { id: `${alias}@KEY_${index + 1}`, mode: 'chat' },
      })),
    ),
    router_settings: {
      routing_strategy: 'simple-shuffle',
      fallbacks: Object.entries(chains).map(([alias, chain]) => ({ [alias]: chain })),
    },
    litellm_settings: { cache_params: { ttl } },
    general_settings: { key_management_settings: { hosted_keys: Object.keys(models) } },
  });
}

const SONNET = { upstream: 'anthropic/claude-sonnet-5' };
const GPT = { upstream: 'openai/gpt-5.6' };

describe('a change of the config means', () => {
  test.each([
    ['nothing where nothing changes', config({ a: GPT }), config({ a: GPT }), []],
    [
      'a new alias',
      config({ a: GPT }),
      config({ a: GPT, b: SONNET }),
      ['b is new, served by anthropic/claude-sonnet-5'],
    ],
    ['one alias less', config({ a: GPT, b: SONNET }), config({ a: GPT }), ['b is no longer served']],
    [
      'another upstream',
      config({ a: GPT }),
      config({ a: SONNET }),
      ['a will be served by anthropic/claude-sonnet-5 (now: openai/gpt-5.6)'],
    ],
    [
      'a further key',
      config({ a: GPT }),
      config({ a: { ...GPT, keys: 2 } }),
      ['a will have 2 keys (now: 1)'],
    ],
    ['a key less', config({ a: { ...GPT, keys: 2 } }), config({ a: GPT }), ['a will have 1 key (now: 2)']],
    [
      'another timeout',
      config({ a: GPT }),
      config({ a: { ...GPT, timeout: 120 } }),
      ['a: timeout: 60 → 120'],
    ],
    [
      'another chain',
      config({ a: GPT }, { a: ['b', 'c'] }),
      config({ a: GPT }, { a: ['c'] }),
      ['a now falls back to c (before: b, c)'],
    ],
    [
      'the same chain in another order',
      config({}, { a: ['b', 'c'] }),
      config({}, { a: ['c', 'b'] }),
      ['a now falls back to c, b (before: b, c)'],
    ],
    [
      'a first chain',
      config({ a: GPT }),
      config({ a: GPT }, { a: ['b'] }),
      ['a now falls back to b (before: nothing)'],
    ],
    [
      'no chain any more',
      config({ a: GPT }, { a: ['b'] }),
      config({ a: GPT }),
      ['a no longer falls back to anything (before: b)'],
    ],
    [
      'another setting',
      config({ a: GPT }),
      config({ a: GPT }, {}, 600),
      ['gateway setting litellm_settings.cache_params.ttl: 3600 → 600'],
    ],
  ])('%s', (_, before, after, meanings) => {
    expect(configMeanings(before, after)).toEqual(meanings);
  });
});

describe('a change of the files means', () => {
  const files = {
    '/etc/switchyard/config.yaml': config({ a: GPT }),
    '/etc/switchyard/gateway.json': '{"drainSeconds":120}',
  };

  test.each([
    ['nothing where they are the same', files, []],
    [
      'a setting',
      { ...files, '/etc/switchyard/gateway.json': '{"drainSeconds":60}' },
      ['gateway setting drainSeconds: 120 → 60'],
    ],
    ['a new hook', { ...files, '/etc/switchyard/hook.py': 'pass' }, ['the gateways get a new file: hook.py']],
    [
      'what the config means',
      { ...files, '/etc/switchyard/config.yaml': config({ a: SONNET }) },
      ['a will be served by anthropic/claude-sonnet-5 (now: openai/gpt-5.6)'],
    ],
  ])('%s', (_, after, meanings) => {
    expect(fileMeanings(files, after)).toEqual(meanings);
  });

  test('a changed hook, by its lines', () => {
    const before = { '/etc/switchyard/hook.py': 'a\nb\nc' };
    const after = { '/etc/switchyard/hook.py': 'a\nx\ny\nc' };
    expect(fileMeanings(before, after)).toEqual(["the gateways' hook.py changes (+2 −1 lines)"]);
    expect(fileMeanings(after, {})).toEqual(['the gateways no longer get the file hook.py']);
  });
});
