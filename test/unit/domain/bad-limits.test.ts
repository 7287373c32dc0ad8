/**
 * Bad budgets and limits, and the exact messages about them. Each case is the text below `config:` in Pulumi.dev.yaml, after the port. The
 * key of OpenAI is set, by which the model without a price is served.
 */
import { checkInputs } from '../../../domain/checks/check-inputs.ts';
import { formatProblems, hasErrors } from '../../../domain/diagnostics/problems.ts';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { rawConfig } from '../../../engine/stack-settings.ts';
import { asPulumi } from './as-pulumi.ts';
import { SMALL } from './small.ts';

/** With lanes of the gateway, and with a model that has no price. */
const CATALOG = SMALL.replace(
  'fallbacks:\n',
  `  odd:
    provider: openai
    model: gpt-0
    notInPriceMap: it is too odd
fallbacks:
`,
).replace(
  '  lanes:\n',
  `  lanes:
    cheap: { provider: litellm, model: fast }
    strange: { provider: litellm, model: odd }
`,
);

const { catalog } = parseCatalog(CATALOG, 'c.yaml');

function read(lines: string, secretKeys = ['OPENAI_API_KEY']) {
  const text = `config:\n  switchyard:port: 4000\n${lines}`;
  return parseSettings({
    ...asPulumi(text),
    secretKeys,
    stack: 'dev',
    file: { path: 'Pulumi.dev.yaml', text },
    ...(catalog ? { catalog } : {}),
  });
}

const DOLLARS = 'expected US dollars: more than 0, 1000000 at most, with nine decimals at most';
const OWN_PORTKEY =
  "requests to the stack's own Portkey do not count: only the gateways have a ledger; keys with limits are not accepted there";

const CASES: [name: string, lines: string, expected: string][] = [
  [
    'budgets of zero, below it, with too many decimals, too large, in words',
    `  switchyard:keys:
    a: { budget: { usd: 0, window: day } }
    b: { budget: { usd: -1, window: day } }
    c: { budget: [{ usd: 0.0000000001, window: day }] }
    d: { budget: { usd: 1000000.1, window: day } }
    e: { budget: { usd: twenty, window: day } }
    f: { budget: { usd: true, window: day } }
`,
    `Pulumi.dev.yaml:4:25 config.switchyard:keys.a.budget.usd: found 0; ${DOLLARS}
    pulumi config set --path 'keys.a.budget.usd' … --stack dev
Pulumi.dev.yaml:5:25 config.switchyard:keys.b.budget.usd: found -1; ${DOLLARS}
    pulumi config set --path 'keys.b.budget.usd' … --stack dev
Pulumi.dev.yaml:6:26 config.switchyard:keys.c.budget[0].usd: found 1e-10; ${DOLLARS}
    pulumi config set --path 'keys.c.budget[0].usd' … --stack dev
Pulumi.dev.yaml:7:25 config.switchyard:keys.d.budget.usd: found 1000000.1; ${DOLLARS}
    pulumi config set --path 'keys.d.budget.usd' … --stack dev
Pulumi.dev.yaml:8:25 config.switchyard:keys.e.budget.usd: found "twenty"; ${DOLLARS}
    pulumi config set --path 'keys.e.budget.usd' … --stack dev
Pulumi.dev.yaml:9:25 config.switchyard:keys.f.budget.usd: found true; ${DOLLARS}
    pulumi config set --path 'keys.f.budget.usd' … --stack dev`,
  ],
  [
    'a window that is none, alone and in a list, and one that is missing',
    `  switchyard:budgets:
    stack: { usd: 5, window: mnth }
    providers: { groq: [{ usd: 5, window: year }] }
    lanes: { cheap: { usd: 5 } }
`,
    `Pulumi.dev.yaml:4:30 config.switchyard:budgets.stack.window: found "mnth"; allowed: hour, day, week, month; did you mean "month"?
    pulumi config set --path 'budgets.stack.window' … --stack dev
Pulumi.dev.yaml:5:43 config.switchyard:budgets.providers.groq[0].window: found "year"; allowed: hour, day, week, month
    pulumi config set --path 'budgets.providers.groq[0].window' … --stack dev
Pulumi.dev.yaml:6:14 config.switchyard:budgets.lanes.cheap.window: required, but missing: When it begins anew: with each hour, day, week or month.
    pulumi config set --path 'budgets.lanes.cheap.window' … --stack dev`,
  ],
  [
    'a budget in another form, and with an unknown field',
    `  switchyard:keys:
    a: { budget: 20/month }
    b: { budget: { usd: 20, per: month, window: month } }
    c: { budget: [] }
`,
    `Pulumi.dev.yaml:4:18 config.switchyard:keys.a.budget: found "20/month"; allowed: {usd: 20, window: month}, or a list of such budgets
    pulumi config set --path 'keys.a.budget' … --stack dev
Pulumi.dev.yaml:5:29 config.switchyard:keys.b.budget.per: unknown key; allowed here: usd, window
Pulumi.dev.yaml:6:18 config.switchyard:keys.c.budget: found []; expected at least one budget
    pulumi config set --path 'keys.c.budget' … --stack dev
Pulumi.dev.yaml:5:18 warning: config.switchyard:keys.b.budget: under this budget the gateway refuses the models without a price: odd
    give them one in config-templates/catalog.yaml: models.<alias>.cost`,
  ],
  [
    'two budgets of one window',
    `  switchyard:budgets:
    stack: [{ usd: 5, window: day }, { usd: 9, window: month }, { usd: 7, window: day }]
`,
    `Pulumi.dev.yaml:4:83 config.switchyard:budgets.stack[2].window: there is a budget for each day already: keep one of them
Pulumi.dev.yaml:4:12 warning: config.switchyard:budgets.stack: under this budget the gateway refuses the models without a price: odd
    give them one in config-templates/catalog.yaml: models.<alias>.cost`,
  ],
  [
    'limits of nothing',
    `  switchyard:keys:
    alice: { requestsPerMinute: 0, tokensPerMinute: 1.5, parallelRequests: 10001 }
`,
    `Pulumi.dev.yaml:4:33 config.switchyard:keys.alice.requestsPerMinute: found 0; expected a whole number from 1 to 1000000
    pulumi config set --path 'keys.alice.requestsPerMinute' … --stack dev
Pulumi.dev.yaml:4:53 config.switchyard:keys.alice.tokensPerMinute: found 1.5; expected a whole number of tokens from 1 to 1000000000
    pulumi config set --path 'keys.alice.tokensPerMinute' … --stack dev
Pulumi.dev.yaml:4:76 config.switchyard:keys.alice.parallelRequests: found 10001; expected a whole number from 1 to 10000
    pulumi config set --path 'keys.alice.parallelRequests' … --stack dev`,
  ],
  [
    'a misspelt limit',
    `  switchyard:keys:
    alice: { requestPerMinute: 5 }
`,
    `Pulumi.dev.yaml:4:14 config.switchyard:keys.alice.requestPerMinute: unknown key; did you mean "requestsPerMinute"? allowed here: owner, models, lanes, budget, requestsPerMinute, tokensPerMinute, parallelRequests, expires, generation, previousUntil`,
  ],
  [
    'a lane and a provider that do not exist, and ones that do not pass the gateway',
    `  switchyard:budgets:
    lanes: { cheep: { usd: 5, window: day }, speed: { usd: 5, window: day } }
    providers: { goq: { usd: 5, window: day }, portkey: { usd: 5, window: day } }
`,
    `Pulumi.dev.yaml:4:21 config.switchyard:budgets.lanes.cheep: no such lane of the gateway: "cheep"; did you mean "cheap"? allowed: cheap, strange
Pulumi.dev.yaml:4:53 config.switchyard:budgets.lanes.speed: no such lane of the gateway: "speed"; allowed: cheap, strange
Pulumi.dev.yaml:5:23 config.switchyard:budgets.providers.goq: no such provider of the gateway: "goq"; did you mean "groq"? allowed: openai, groq
Pulumi.dev.yaml:5:57 config.switchyard:budgets.providers.portkey: no such provider of the gateway: "portkey"; allowed: openai, groq`,
  ],
  [
    'an unknown behaviour at a failure',
    `  switchyard:budgets: { onFailure: alow }
`,
    `Pulumi.dev.yaml:3:36 config.switchyard:budgets.onFailure: found "alow"; allowed: refuse, allow; did you mean "allow"?
    pulumi config set --path 'budgets.onFailure' … --stack dev`,
  ],
  ...(
    [
      ['Europe/Berln', '; did you mean "Europe/Berlin"?'],
      ['europe/berlin', '; did you mean "Europe/Berlin"?'],
      ['us/pacific', ';'],
      ['+02:00', ';'],
      ['Mars/Olympus_Mons', ';'],
    ] as const
  ).map(([zone, hint]): [string, string, string] => [
    `a time zone that does not exist: ${zone}`,
    `  switchyard:budgets: { timeZone: '${zone}' }
`,
    `Pulumi.dev.yaml:3:35 config.switchyard:budgets.timeZone: no such time zone: "${zone}"${hint} allowed: UTC, and names like Europe/Berlin`,
  ]),
  [
    'a model without a price that a key or a lane with a budget names',
    `  switchyard:keys:
    alice: { models: [fast, odd], lanes: [strange], budget: { usd: 5, window: day } }
    bob: { models: [odd] }
  switchyard:budgets: { lanes: { strange: { usd: 5, window: day } } }
`,
    `Pulumi.dev.yaml:4:29 config.switchyard:keys.alice.models[1]: odd has no price, and a key with a budget may use models with a price only
    give it one in config-templates/catalog.yaml: models.odd.cost
Pulumi.dev.yaml:4:43 config.switchyard:keys.alice.lanes[0]: odd has no price, and a key with a budget may use models with a price only
    give it one in config-templates/catalog.yaml: models.odd.cost
Pulumi.dev.yaml:6:43 config.switchyard:budgets.lanes.strange: odd has no price, and a lane with a budget may use models with a price only
    give it one in config-templates/catalog.yaml: models.odd.cost`,
  ],
  [
    'a budget for all models of which one has no price',
    `  switchyard:keys: { alice: { budget: { usd: 5, window: day } } }
  switchyard:budgets:
    stack: { usd: 5, window: day }
    providers: { openai: { usd: 5, window: day }, groq: { usd: 5, window: day } }
`,
    `Pulumi.dev.yaml:3:39 warning: config.switchyard:keys.alice.budget: under this budget the gateway refuses the models without a price: odd
    give them one in config-templates/catalog.yaml: models.<alias>.cost
Pulumi.dev.yaml:5:12 warning: config.switchyard:budgets.stack: under this budget the gateway refuses the models without a price: odd
    give them one in config-templates/catalog.yaml: models.<alias>.cost
Pulumi.dev.yaml:6:26 warning: config.switchyard:budgets.providers.openai: under this budget the gateway refuses the models without a price: odd
    give them one in config-templates/catalog.yaml: models.<alias>.cost`,
  ],
  [
    "a budget that the stack's own Portkey goes round",
    `  switchyard:portkey: { mode: local }
  switchyard:budgets: { lanes: { cheap: { usd: 5, window: day } } }
`,
    `Pulumi.dev.yaml:4:32 warning: config.switchyard:budgets.lanes: ${OWN_PORTKEY}`,
  ],
];

describe('bad budgets and limits', () => {
  test.each(CASES)('%s', (_name, lines, expected) => {
    const { settings, problems } = read(lines);
    expect(formatProblems(problems)).toBe(expected);
    expect(settings === undefined).toBe(hasErrors(problems));
  });

  test('two keys of one alias: the file is refused', () => {
    const text = `config:\n  switchyard:port: 4000\n  switchyard:keys:\n    alice: {}\n    alice: { requestsPerMinute: 5 }\n`;
    expect(() => rawConfig(text, 'Pulumi.dev.yaml')).toThrow(/^Pulumi\.dev\.yaml:5:5 .*alice.*line 4/);
  });
});

describe('good budgets and limits', () => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'US/Pacific'])(
    'the time zone %s',
    (zone) => {
      const { settings, problems } = read(`  switchyard:budgets: { timeZone: ${zone} }\n`);
      expect(problems).toEqual([]);
      expect(settings?.budgets.timeZone).toBe(zone);
    },
  );

  test('everything has a default', () => {
    expect(read('').settings?.budgets).toEqual({
      timeZone: 'UTC',
      onFailure: 'refuse',
      lanes: {},
      providers: {},
    });
  });

  test('a model without a price that is not served needs no warning', () => {
    const lines = '  switchyard:budgets: { stack: { usd: 5, window: day } }\n';
    expect(read(lines).problems).toHaveLength(1);
    expect(read(lines, ['GROQ_API_KEY']).problems).toEqual([]);
  });

  test('a fraction as text, as `pulumi config set --path` stores it', () => {
    const { problems } = read(
      `  switchyard:keys: { alice: { models: [fast], budget: { usd: '12.5', window: day } } }\n`,
    );
    expect(problems).toEqual([]);
  });
});

describe('a price of zero', () => {
  const problemsOf = (cost: string, more = '') => {
    const text = CATALOG.replace(/ +strange: .*\n/, '').replace(
      '    notInPriceMap',
      `    cost: ${cost}\n${more}    notInPriceMap`,
    );
    const { catalog: own, source, problems } = parseCatalog(text, 'c.yaml');
    if (own === undefined) throw new Error(formatProblems(problems));
    return formatProblems(checkInputs({ today: '2026-01-01', catalog: { catalog: own, source } }));
  };
  const ZERO = 'a price of 0 at a provider with a key: no budget would count it';

  test('is a warning at a provider with a key', () => {
    expect(problemsOf('{ input: 0, output: 3 }')).toBe(
      `c.yaml:41:20 warning: models.odd.cost.input: ${ZERO}
    write the price in US dollars per million tokens`,
    );
  });

  test('is normal for the output of embeddings', () => {
    expect(problemsOf('{ input: 1, output: 0 }', '    mode: embedding\n')).toBe('');
    expect(problemsOf('{ input: 1, output: 0 }')).toContain(`models.odd.cost.output: ${ZERO}`);
  });

  test('is normal at a server without keys', () => {
    const local = `  own:
    name: Own
    key: none
    litellm: hosted_vllm
    baseUrl: http://vllm:8000/v1
models:
  mine: { provider: own, model: mine, notInPriceMap: mine, cost: { input: 0, output: 0 } }
`;
    const { catalog: own, source } = parseCatalog(CATALOG.replace('models:\n', local), 'c.yaml');
    expect(own?.models.mine).toBeDefined();
    expect(checkInputs({ today: '2026-01-01', catalog: { catalog: own!, source } })).toEqual([]);
  });
});
