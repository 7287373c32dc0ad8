import { describe, expect, test } from '@jest/globals';
import { planOutput } from '../../../domain/render/plan-output.ts';
import { planOutputSchema, type PlanOutput } from '../../../domain/schema/outputs-schema.ts';
import { describeServingChanges } from '../../../preview/serving-changes.ts';

interface Served {
  upstream: string;
  keys?: number;
  timeout?: number;
}

/** LiteLLM's config as the renderer writes it. */
function litellm(
  models: Record<string, Served>,
  chains: Record<string, string[]> = {},
  ttl = 3600,
): Record<string, unknown> {
  return {
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
    litellm_settings: { cache_params: { ttl }, callbacks: null },
    general_settings: { key_management_settings: { hosted_keys: Object.keys(models) } },
  };
}

/** The plan as it is read back from the outputs. */
function read(
  config: Record<string, unknown>,
  files: Record<string, string> = {},
  drainSeconds = 120,
): PlanOutput {
  const list = Object.entries(files).map(([path, content]) => ({ path, content }));
  const plan = planOutput({ config, gateway: { drainSeconds }, files: list });
  return planOutputSchema.parse(JSON.parse(JSON.stringify(plan)));
}

function config(...args: Parameters<typeof litellm>): PlanOutput {
  return read(litellm(...args));
}

const SONNET = { upstream: 'anthropic/claude-sonnet-5' };
const GPT = { upstream: 'openai/gpt-5.6' };

describe('a change of the config is described:', () => {
  test.each([
    ['empty if nothing changes', config({ a: GPT }), config({ a: GPT }), []],
    [
      'a new alias',
      config({ a: GPT }),
      config({ a: GPT, b: SONNET }),
      ['b is new, served by anthropic/claude-sonnet-5'],
    ],
    ['a removed alias', config({ a: GPT, b: SONNET }), config({ a: GPT }), ['b is no longer served']],
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
    ['a removed key', config({ a: { ...GPT, keys: 2 } }), config({ a: GPT }), ['a will have 1 key (now: 2)']],
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
      'a removed chain',
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
  ])('%s', (_, before, after, sentences) => {
    expect(describeServingChanges(before, after)).toEqual(sentences);
  });
});

test('an alias may have any name', () => {
  expect(describeServingChanges(config({}), config({ constructor: GPT }))).toEqual([
    'constructor is new, served by openai/gpt-5.6',
  ]);
});

test('a setting that Pulumi dropped because it is null is no change', () => {
  const after = litellm({ a: GPT });
  const before = { ...after, litellm_settings: { cache_params: { ttl: 3600 } } };
  expect(describeServingChanges(read(before), read(after))).toEqual([]);
});

test('a different order of names is no change, since Pulumi sorts them in outputs', () => {
  const after = { ...litellm({ b: GPT, a: SONNET }), callbacks: [{ type: 'file', path: '/data/log' }] };
  const before = { callbacks: [{ path: '/data/log', type: 'file' }], ...litellm({ a: SONNET, b: GPT }) };
  expect(describeServingChanges(read(before), read(after))).toEqual([]);
});

describe('a change of the files is described:', () => {
  const models = litellm({ a: GPT });
  const files = {
    '/etc/switchyard/config.yaml': 'one',
    '/etc/switchyard/gateway.json': '{"drainSeconds":120}',
  };
  const before = read(models, files);

  test.each([
    ['empty if they are the same', read(models, files), []],
    [
      'a setting',
      read(models, { ...files, '/etc/switchyard/gateway.json': '{"drainSeconds":60}' }, 60),
      ['gateway setting drainSeconds: 120 → 60'],
    ],
    [
      'a new hook',
      read(models, { ...files, '/etc/switchyard/hook.py': 'pass' }),
      ['the gateways get a new file: hook.py'],
    ],
    [
      'the meaning of a changed config',
      read(litellm({ a: SONNET }), { ...files, '/etc/switchyard/config.yaml': 'two' }),
      ['a will be served by anthropic/claude-sonnet-5 (now: openai/gpt-5.6)'],
    ],
    [
      'the config file itself, if only its formatting changes',
      read(models, { ...files, '/etc/switchyard/config.yaml': 'two' }),
      ["the gateways' config.yaml changes (1 lines)"],
    ],
  ])('%s', (_, after, sentences) => {
    expect(describeServingChanges(before, after)).toEqual(sentences);
  });

  test('a changed hook', () => {
    const hook = (content: string): PlanOutput => read(models, { '/etc/switchyard/hook.py': content });
    expect(describeServingChanges(hook('a\nb\nc'), hook('a\nx\ny\nc'))).toEqual([
      "the gateways' hook.py changes (3 → 4 lines)",
    ]);
    expect(describeServingChanges(hook('a\nb'), hook('a\nc'))).toEqual([
      "the gateways' hook.py changes (2 lines)",
    ]);
    expect(describeServingChanges(hook('a'), read(models))).toEqual([
      'the gateways no longer get the file hook.py',
    ]);
  });
});
