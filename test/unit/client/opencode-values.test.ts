import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { renderOpencode, enableProviders } from '../../../domain/render/opencode-files.ts';
import type { Json } from '../../../client/json-objects.ts';
import { parseFile } from '../../../client/file-format.ts';
import { claimed, type CurrentFile } from '../../../client/managed-files.ts';
import { type OpencodePlan, planOpencode } from '../../../client/write-opencode.ts';
import { view } from './sample.ts';
import '../../seed.ts';
import { SOAK } from '../../harness/soak.ts';

const ours = renderOpencode(view());
const paths = {
  config: 'opencode.json',
  baseLayers: ['config.json'],
  auth: 'auth.json',
  portkeyKey: 'key',
  record: 'record',
};
const KEYS = {
  litellm: { type: 'api' as const, key: 'sk-1' },
  'groq-direct': { type: 'api' as const, key: 'gsk-1' },
};

interface Existing {
  baseValues?: Json;
  auth?: Json;
  logins?: string[];
  /** The plan that was written last. */
  last?: OpencodePlan;
}
/** Plans opencode's files in memory. */
const planned = (
  existing: string | undefined,
  { baseValues, auth, logins = [], last }: Existing = {},
  given = ours,
) => {
  const login = Object.fromEntries(logins.map((name) => [name, { type: 'oauth' }]));
  const texts: [string, 'json' | 'jsonc' | 'text', string | undefined][] = [
    ['opencode.json', 'jsonc', existing],
    ['config.json', 'jsonc', baseValues && JSON.stringify(baseValues)],
    ['auth.json', 'json', last?.texts['auth.json'] ?? JSON.stringify({ ...auth, ...login })],
    ['key', 'text', undefined],
  ];
  const files = texts.map(([path, format, text]): [string, CurrentFile] => {
    const content = parseFile(text, format, path);
    return [path, { path, format, text, mode: 0o600, content, users: content }];
  });
  const record = last?.record.after === undefined ? undefined : (JSON.parse(last.record.after) as never);
  const read = { recordFile: 'record', record, text: last?.record.after, files: Object.fromEntries(files) };
  const [config, base] = ['opencode.json', 'config.json'].map((name) => read.files[name]!.content as Json);
  const state = {
    ...claimed(read, {}),
    paths,
    configs: [config!, base!],
    auth: read.files['auth.json']!.content as Json,
  };
  return planOpencode(state, { config: given, auth: KEYS }, { owner: { stack: 'dev' } });
};
const merge = (existing: string | undefined, more: Existing = {}) => {
  const plan = planned(existing, more);
  return { text: plan.texts['opencode.json']!, notes: plan.notes, plan };
};
const merged = (existing: Json, more: Existing = {}) =>
  parse(merge(JSON.stringify(existing), more).text) as Json;

describe('opencode.json', () => {
  test.each([[undefined], [''], ['{}'], ['{ }\n']])('an empty file (%j) becomes our config', (existing) => {
    expect(parse(merge(existing).text)).toEqual(ours);
  });

  test("a user's own providers, agents and settings stay", () => {
    const theirs = {
      theme: 'dark',
      provider: { ollama: { npm: '@ai-sdk/openai-compatible', models: { llama: {} } } },
      agent: { mine: { mode: 'primary', prompt: 'x' } },
    };
    const result = merged(theirs);
    expect(result).toMatchObject(theirs);
    expect(Object.keys(result.provider as Json)).toEqual([
      'ollama',
      'litellm',
      'groq-direct',
      'openrouter-direct',
    ]);
  });

  test("a user's file gets no enabled_providers", () => {
    expect(merged({ theme: 'dark' }).enabled_providers).toBeUndefined();
    expect(merged({ provider: { ollama: {} } }).enabled_providers).toBeUndefined();
    expect(merged({ model: 'anthropic/x' }).enabled_providers).toBeUndefined();
    expect(merged({ theme: 'dark' }).autoupdate).toBeUndefined();
  });

  test('an existing enabled_providers is extended', () => {
    expect(merged({ enabled_providers: ['ollama'] }).enabled_providers).toEqual([
      'ollama',
      'litellm',
      'groq-direct',
    ]);
  });

  test('enabled_providers in a base layer counts as existing', () => {
    const result = merged({}, { baseValues: { enabled_providers: ['ollama'], model: 'ollama/llama' } });
    expect(result.enabled_providers).toEqual(['ollama', 'litellm', 'groq-direct']);
    expect(result.model).toBeUndefined();
  });

  test("disabled_providers contains our providers without a key, and the user's entries, also for one of ours with a key", () => {
    const result = merged({ disabled_providers: ['opencode', 'groq-direct'] });
    expect(result.disabled_providers).toEqual(['opencode', 'groq-direct', 'openrouter-direct']);
    expect(result.model).toBeUndefined();
  });

  test('model and small_model are only set if unset', () => {
    expect(merged({ model: 'anthropic/claude' })).toMatchObject({
      model: 'anthropic/claude',
      small_model: 'groq-direct/groq-mixtral-id',
    });
  });

  test.each(['openrouter-direct/openrouter-auto-id', 'groq-direct/gone', 'litellm/mock'])(
    'a default model of ours that is unavailable (%s) is replaced',
    (model) => expect(merged({ model }).model).toBe('groq-direct/groq-mixtral-id'),
  );

  test("a user's additions to our provider stay; models that are no longer served are removed", () => {
    const once = merge('{}').text;
    const file = parse(once) as { provider: Record<string, { options: Json; models: Json }> };
    file.provider['groq-direct']!.options.timeout = 5;
    file.provider['groq-direct']!.models['mine'] = { options: { reasoningEffort: 'high' } };
    file.provider['groq-direct']!.models['old'] = { name: 'old', limit: { context: 1, output: 1 } };
    const result = merged(file) as typeof file;
    expect(result.provider['groq-direct']!.options.timeout).toBe(5);
    expect(Object.keys(result.provider['groq-direct']!.models)).toEqual([
      'groq-mixtral-id',
      'groq-llama3-70b-id',
      'mine',
    ]);
  });

  test("a user's provider with one of our names is replaced, with a note", () => {
    const { notes } = merge('{"provider": {"litellm": {"options": {"baseURL": "http://elsewhere"}}}}');
    expect(notes).toEqual(['litellm: your entry of that name was replaced']);
  });

  test("a user's agent with one of our names stays, with a note", () => {
    const { text, notes } = merge('{"agent": {"fast": {"prompt": "mine"}}}');
    expect((parse(text) as { agent: Json }).agent.fast).toEqual({ prompt: 'mine' });
    expect(notes).toEqual(['agent fast: your agent of that name was kept']);
  });

  test('an agent and a provider of ours that are no longer in the catalogue are removed', () => {
    const before = parse(merge('{}').text) as { agent: Json; provider: Json };
    before.agent.old = { description: 'x (Switchyard lane: cost)' };
    before.provider['old-direct'] = { name: 'Old (Switchyard dev)' };
    const result = merged(before);
    expect(Object.keys(result.agent as Json)).toEqual(['fast']);
    expect(result.provider).not.toHaveProperty('old-direct');
  });

  test('comments, indentation and line endings stay', () => {
    const text = '{\r\n\t// mine\r\n\t"theme": "dark", // why\r\n}\r\n';
    const result = merge(text).text;
    expect(result).toContain('\t// mine\r\n\t"theme": "dark", // why\r\n');
    expect(result).toContain('\r\n\t"provider": {\r\n\t\t"litellm"');
    expect(result.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test.each([
    ['{"a": 1', 'opencode.json:1:8'],
    ['{\n  "a": tru\n}', 'opencode.json:2:8'],
    ['[]', 'opencode.json'],
    ['{"provider": []}', 'opencode.json'],
  ])('malformed: %j is an error with its position', (text, where) => {
    expect(() => merge(text)).toThrow(expect.objectContaining({ where }) as Error);
  });

  test('a duplicate key is an error', () => {
    expect(() => merge('{"model": "a/b", "provider": {"x": {}}, "provider": {"y": {}}}')).toThrow(/twice/);
  });

  test("merging is idempotent, and nothing of the user's is lost", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const theirs = fc.record(
      {
        theme: word,
        model: word.map((name) => `${name}/m`),
        enabled_providers: fc.uniqueArray(word, { maxLength: 3 }),
        disabled_providers: fc.uniqueArray(fc.oneof(word, fc.constantFrom(...Object.keys(ours.provider))), {
          maxLength: 3,
        }),
        provider: fc.dictionary(word, fc.dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }), {
          maxKeys: 3,
        }),
        agent: fc.dictionary(word, fc.record({ prompt: word }), { maxKeys: 2 }),
        mcp: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        theirs,
        fc.constantFrom(0, 1, 2, 4),
        fc.uniqueArray(word, { maxLength: 2 }),
        (value, indent, logins) => {
          const plain = JSON.parse(JSON.stringify(value)) as Json;
          const { text: first, plan } = merge(JSON.stringify(plain, null, indent), { logins });
          // Not jsonc-parser's own parse, which takes a key named __proto__ for the prototype.
          const result = JSON.parse(first) as Json;
          expect(planned(first, { last: plan }).changes).toEqual([]);
          for (const key of ['theme', 'model', 'mcp'])
            if (key in plain) expect(result[key]).toEqual(plain[key]);
          for (const part of ['provider', 'agent'] as const) {
            for (const [name, entry] of Object.entries((plain[part] ?? {}) as Json)) {
              expect((result[part] as Json)[name]).toEqual(entry);
            }
          }
          expect(result.disabled_providers).toEqual(
            expect.arrayContaining((plain.disabled_providers ?? []) as string[]),
          );
          if (
            plain.enabled_providers === undefined &&
            Object.keys(plain).some((key) => key === 'mcp' || key === 'theme')
          ) {
            expect(result.enabled_providers).toBeUndefined();
          }
          if (plain.enabled_providers === undefined && result.enabled_providers !== undefined)
            expect(result.enabled_providers).toEqual(expect.arrayContaining(logins));
        },
      ),
      { numRuns: SOAK ? 1000 : 25 },
    );
  });
});

describe('the lists', () => {
  const all = Object.keys(ours.provider);
  const entry = fc.oneof(fc.stringMatching(/^[a-z]{1,8}$/), fc.constantFrom(...all));
  const list = fc.uniqueArray(entry, { maxLength: 4 });
  const LISTS = ['enabled_providers', 'disabled_providers'] as const;

  test("after any switches contain the user's entries, in order, and those of the last stack", () => {
    fc.assert(
      fc.property(
        fc.record({ theme: fc.constant('dark'), enabled_providers: list, disabled_providers: list }),
        fc.array(fc.subarray(all), { minLength: 1, maxLength: 4 }),
        (theirs, stacks) => {
          let text = JSON.stringify(theirs);
          let last: OpencodePlan | undefined;
          for (const on of stacks) {
            const now = enableProviders(ours, on, on);
            last = planned(text, last === undefined ? {} : { last }, now);
            text = last.texts['opencode.json']!;
            const lists = parse(text) as typeof theirs;
            for (const name of LISTS) {
              expect(lists[name].filter((one) => theirs[name].includes(one))).toEqual(theirs[name]);
              expect(new Set(lists[name])).toEqual(new Set([...theirs[name], ...now[name]]));
            }
            expect(planned(text, { last }, now).changes).toEqual([]);
          }
        },
      ),
      { numRuns: SOAK ? 1000 : 25 },
    );
  });
});

describe('auth.json', () => {
  const auth = (existing: string) => {
    const plan = planned('{}', { auth: JSON.parse(existing) as Json });
    return plan.texts['auth.json']!;
  };

  test("our keys are set, and the user's entries stay", () => {
    const theirs = { anthropic: { type: 'oauth', refresh: 'r', extra: [1] } };
    expect(JSON.parse(auth(JSON.stringify(theirs)))).toEqual({ ...theirs, ...KEYS });
  });

  test('an up-to-date file keeps its exact text', () => {
    const text = JSON.stringify(KEYS);
    expect(auth(text)).toBe(text);
  });
});
