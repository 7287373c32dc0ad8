import { describe, expect, test } from '@jest/globals';
import { parseAgents } from '../../../domain/read/agents-file.ts';
import { formatProblem } from '../../../domain/diagnostics/problems.ts';
import { planAgents } from '../../../client/agents-plan.ts';
import { failedRequest } from '../../../client/opencode-process.ts';
import { redactor } from '../../../console/redactor.ts';
import { shippedClient, shippedInputs, type ShippedOptions } from '../../harness/client-of.ts';

const { catalog, agents } = shippedInputs();
const problems = (text: string): string[] =>
  parseAgents(text, 'agents.yaml', catalog).problems.map(formatProblem);

describe('agents.yaml', () => {
  test.each([
    [
      'agents:\n  a:\n    lane: sped\n    prompt: x\n',
      'agents.yaml:3:11 agents.a.lane: no lane "sped"; did you mean "speed"? allowed, by client.lanes in catalog.yaml: speed, reliability, cost, rare',
    ],
    [
      'agents:\n  a:\n    lane: speed\n    promt: x\n',
      'agents.yaml:4:5 agents.a.promt: unknown key; did you mean "prompt"? allowed here: lane, provider, model, description, system, prompt, dir, timeout, env',
    ],
    [
      'agents:\n  a: {lane: speed, provider: groq}\n',
      'agents.yaml:2:30 agents.a.provider: no provider "groq"; allowed: litellm, openai-direct, anthropic-direct, deepseek-direct, groq-direct, openrouter-direct, together-direct, portkey',
    ],
    [
      'env: [PULUMI_CONFIG_PASSPHRASE]\nagents: {}\n',
      'agents.yaml:1:7 env[0]: found "PULUMI_CONFIG_PASSPHRASE"; ' +
        "expected the name of a variable; opencode's and Pulumi's own are not passed on",
    ],
    ['parallel: 0\nagents: {}\n', 'agents.yaml:1:11 parallel: found 0; expected a whole number from 1 to 32'],
  ])('%j', (text, message) => expect(problems(text)).toEqual([message]));

  test('never throws, for any text', () => {
    for (const text of ['', '[]', 'agents: [1]', '{', 'a: &x 1', '\t'])
      expect(problems(text).length).toBeGreaterThan(0);
  });
});

describe('which agents run', () => {
  test('those whose provider has a key; for the others the missing key is named', () => {
    const client = shippedClient({ keys: { GROQ_API_KEY: 'value-groq' } });
    const { ready, skipped } = planAgents(agents, catalog, client);
    expect(ready.map(({ name, model }) => [name, model])).toEqual([
      ['fast-code', 'groq-direct/openai/gpt-oss-20b'],
    ]);
    expect(Object.fromEntries(skipped.map(({ agent, reason }) => [agent, reason]))).toEqual({
      'complex-reasoning':
        'anthropic-direct: ANTHROPIC_API_KEY is not set; pulumi config set --secret ANTHROPIC_API_KEY --stack unit',
      research:
        'portkey: PORTKEY_API_KEY is not set; pulumi config set --secret PORTKEY_API_KEY --stack unit',
      critical:
        'litellm does not serve gpt-4: OPENAI_API_KEY is not set; pulumi config set --secret OPENAI_API_KEY --stack unit',
    });
  });

  const reasons = (text: string, options: ShippedOptions): string[] => {
    const { file } = parseAgents(text, 'agents.yaml', catalog);
    return planAgents(file!, catalog, shippedClient(options)).skipped.map(({ reason }) => reason);
  };
  const of = (line: string): string => `agents:\n  a: {${line}, prompt: x}\n`;

  test('a Portkey route needs a saved config, or a target with a key', () => {
    const keys = { PORTKEY_API_KEY: 'value-portkey', MISTRAL_API_KEY: 'value-mistral' };
    expect(reasons(of('lane: cost, model: auto'), { keys })).toEqual([
      'portkey does not serve auto: this route has no saved config yet; ./switchyard portkey unit',
    ]);
    const settings = { portkey: { mode: 'local' } };
    const { clientMetadata } = shippedClient({ keys: { TOGETHER_API_KEY: 'value-together' }, settings });
    expect(clientMetadata.providers.find(({ id }) => id === 'portkey')?.leftOut).toEqual({});
  });

  test('for an unknown model the error lists the served models', () => {
    const [reason] = reasons(of('lane: reliability, model: gpt-99'), {
      keys: { GROQ_API_KEY: 'value-groq' },
    });
    expect(reason).toBe(
      'litellm does not serve gpt-99; it serves groq-llama3-70b, groq-mixtral, mock; ./switchyard models unit',
    );
  });

  test('a provider that was added to the catalogue after the last `up` needs another `up`', () => {
    const { file } = parseAgents(of('lane: speed'), 'agents.yaml', catalog);
    const client = shippedClient();
    const clientMetadata = { ...client.clientMetadata, providers: [] };
    const { skipped } = planAgents(file!, catalog, { ...client, clientMetadata });
    expect(skipped[0]?.reason).toBe('unit has no provider groq-direct yet; ./switchyard up unit');
  });
});

describe('lanes that differ between the catalogue and the stack', () => {
  const keys = { GROQ_API_KEY: 'value-groq', OPENAI_API_KEY: 'value-openai' };
  const client = shippedClient({ keys });
  const changed: typeof catalog = {
    ...catalog,
    client: {
      ...catalog.client!,
      lanes: {
        ...catalog.client!.lanes,
        speed: { provider: 'litellm', model: 'gpt-4' },
        later: { provider: 'litellm', model: 'gpt-4' },
      },
    },
  };
  const plan = (line: string): ReturnType<typeof planAgents> => {
    const { file } = parseAgents(`agents:\n  a: {${line}, prompt: x}\n`, 'agents.yaml', changed);
    return planAgents(file!, changed, client);
  };

  test('are not run, and the error names both models', () => {
    const { ready, skipped } = plan('lane: speed');
    expect(ready).toEqual([]);
    expect(skipped[0]?.reason).toBe(
      'lane speed is litellm/gpt-4 in catalog.yaml, but groq-direct/groq-mixtral as deployed; ./switchyard up unit',
    );
  });

  test('are not run if the stack has no such lane', () =>
    expect(plan('lane: later').skipped[0]?.reason).toMatch(
      /^unit has no lane later; .*; .\/switchyard up unit$/,
    ));

  test('do not affect an agent that sets provider and model itself', () =>
    expect(plan('lane: speed, provider: litellm, model: gpt-4').ready[0]?.model).toBe('litellm/gpt-4'));

  test('are taken from the catalogue for a stack of the previous release, whose outputs have no lanes', () => {
    const clientMetadata = { ...client.clientMetadata, lanes: undefined };
    const { file } = parseAgents('agents:\n  a: {lane: speed, prompt: x}\n', 'agents.yaml', changed);
    expect(planAgents(file!, changed, { ...client, clientMetadata }).ready[0]?.model).toBe('litellm/gpt-4');
  });
});

test('an agent has the same entry as the agent of that name in opencode.json', () => {
  const keys = {
    GROQ_API_KEY: 'value-groq',
    ANTHROPIC_API_KEY: 'value-anthropic',
    OPENAI_API_KEY: 'value-openai',
  };
  const client = shippedClient({ keys });
  const { ready } = planAgents(agents, catalog, client);
  expect(ready.length).toBeGreaterThan(2);
  expect(Object.fromEntries(ready.map(({ name, entry }) => [name, entry]))).toEqual(client.config.agent);
});

describe("opencode's log", () => {
  const line = (small: boolean): string =>
    `timestamp=x level=ERROR run=1 message="stream error" providerID=p modelID=m small=${small} error.error="AI_APICallError: it said \\"no\\""`;
  test('the message of a failed request is found', () =>
    expect(failedRequest(line(false))).toBe('it said "no"'));
  test('a failed title request is ignored', () => expect(failedRequest(line(true))).toBeUndefined());
  test('other lines are ignored', () =>
    expect(failedRequest('level=ERROR message="something else"')).toBeUndefined());
});

test('a key is redacted completely, also if another key is its prefix', () => {
  expect(redactor(['sk-abcdef', 'sk-abcdef-2'])('x sk-abcdef-2 y sk-abcdef z')).toBe('x [key] y [key] z');
});
