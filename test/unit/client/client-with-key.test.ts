/** The client files with each of a stack's keys. */
import { clientWithKey } from '../../../client/client-with-key.ts';
import { planAgents } from '../../../client/agents-plan.ts';
import { shippedOutputs, shippedInputs } from '../../harness/client-of.ts';

const MASTER = 'sk-master-0123456789';
const KEYS = { ANTHROPIC_API_KEY: 'a-1', GROQ_API_KEY: 'g-1', OPENAI_API_KEY: 'o-1' };

const OWN = {
  alice: { models: ['gpt-4', 'groq-mixtral'] },
  bob: { requestsPerMinute: 5 },
  carol: {},
  dave: { models: ['embedding-small'] },
};

/** The outputs of a stack with these virtual keys, as commands read them. */
function outputs(settings: Record<string, unknown> = {}, keys: Record<string, string> = KEYS) {
  const own = { ...OWN, ...(settings.keys as object | undefined) };
  const values = Object.fromEntries(['default', ...Object.keys(own)].map((alias) => [alias, `sk-${alias}`]));
  return { ...shippedOutputs({ stack: 'dev', settings: { ...settings, keys: own }, keys }), keys: values };
}

const all = outputs();
const plain = clientWithKey('dev', all, 'master');

function refusal(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('the key default', () => {
  test('takes the place of the master key, and nothing else changes', () => {
    const { config, auth, clientMetadata, notes, key } = clientWithKey('dev', all);
    expect(plain.auth.litellm).toEqual({ type: 'api', key: MASTER });
    expect(auth).toEqual({ ...plain.auth, litellm: { type: 'api', key: 'sk-default' } });
    expect({ config, clientMetadata, notes, key }).toEqual({
      config: plain.config,
      clientMetadata: plain.clientMetadata,
      notes: [],
      key: 'default',
    });
    expect(Object.keys(auth)).toContain('groq-direct');
  });

  test("is the key of the stack's own Portkey too, unless it has limits", () => {
    const local = { portkey: { mode: 'local' } };
    const { auth, config } = clientWithKey('dev', outputs(local));
    expect(auth.portkey?.key).toBe('sk-default');
    expect(config.enabled_providers).toContain('portkey');
    const limited = { ...local, keys: { default: { tokensPerMinute: 1000 } } };
    const own = clientWithKey('dev', outputs(limited));
    expect(own.auth.portkey).toBeUndefined();
    expect(own.config.enabled_providers).not.toContain('portkey');
    expect(own.config.enabled_providers).toContain('groq-direct');
    expect(own.clientMetadata.providers.find(({ id }) => id === 'portkey')?.off?.reason).toBe(
      'the key "default" is not for it',
    );
  });

  test('with models keeps the direct providers', () => {
    const { config } = clientWithKey('dev', outputs({ keys: { default: { models: ['gpt-4'] } } }));
    expect(Object.keys(config.provider.litellm!.models)).toEqual(['gpt-4']);
    expect(config.enabled_providers).toEqual(plain.config.enabled_providers);
    expect(config.model).toBe(plain.config.model);
  });

  test('of a stack that has none yet is replaced by the master key, in one sentence', () => {
    for (const keys of [undefined, { alice: 'sk-alice' }]) {
      const one = { ...all, keys };
      const { auth, notes, key } = clientWithKey('dev', one);
      expect([auth.litellm?.key, key]).toEqual([MASTER, undefined]);
      expect(notes).toEqual([
        'dev was deployed without the key "default": the master key is used until the next ./switchyard up dev',
      ]);
    }
  });
});

describe('another key', () => {
  const alice = clientWithKey('dev', all, 'alice');

  test('comes alone: the master key and the keys of providers are not in the files', () => {
    expect(alice.auth).toEqual({ litellm: { type: 'api', key: 'sk-alice' } });
    expect(JSON.stringify({ config: alice.config, auth: alice.auth })).not.toMatch(/sk-master|a-1|g-1|o-1/);
    expect(alice.config.enabled_providers).toEqual(['litellm']);
    expect(alice.known).toEqual(plain.auth);
  });

  test('has only its models, and default models among them', () => {
    const { models } = alice.config.provider.litellm!;
    expect(Object.keys(models).sort()).toEqual(['gpt-4', 'groq-mixtral']);
    expect(['litellm/gpt-4', 'litellm/groq-mixtral']).toContain(alice.config.model);
    expect(alice.config.small_model).toBe('litellm/groq-mixtral');
    expect(Object.keys(plain.config.provider.litellm!.models).length).toBeGreaterThan(2);
  });

  test('leaves out lanes and agents whose model it may not use, and says so', () => {
    const forbidden = Object.values(alice.config.agent).filter(
      ({ model }) => !['litellm/gpt-4', 'litellm/groq-mixtral'].includes(model),
    );
    expect(forbidden).toEqual([]);
    expect(alice.notes).toEqual([
      expect.stringMatching(/^left out, since the key "alice" is not for them: /),
    ]);
    expect(alice.notes[0]).toContain('lane reliability (claude-3-5-sonnet)');
    for (const agent of Object.keys(plain.config.agent))
      expect([agent, alice.notes[0]!.includes(`agent ${agent} (`)]).toEqual([
        agent,
        !Object.hasOwn(alice.config.agent, agent),
      ]);
  });

  test('runs only agents on what it may use, with the reason for the others', () => {
    const { agents: shipped, catalog } = shippedInputs();
    const reviewer = { lane: 'reliability', prompt: 'Review it.' };
    const agents = { ...shipped, agents: { ...shipped.agents, reviewer } };
    const { ready, skipped } = planAgents(agents, catalog, alice);
    const before = planAgents(agents, catalog, plain);
    expect(ready.every(({ model }) => /^litellm\/(gpt-4|groq-mixtral)$/.test(model))).toBe(true);
    expect(skipped.length).toBeGreaterThan(before.skipped.length);
    expect(skipped.find(({ agent }) => agent === 'reviewer')?.reason).toBe(
      'litellm does not serve claude-3-5-sonnet: the key "alice" may not use it; ./switchyard keys list dev',
    );
  });

  test('without models has all of the gateway', () => {
    for (const alias of ['bob', 'carol']) {
      const { config, auth } = clientWithKey('dev', all, alias);
      expect(auth).toEqual({ litellm: { type: 'api', key: `sk-${alias}` } });
      expect(config.provider.litellm).toEqual(plain.config.provider.litellm);
    }
  });

  test("with limits is not for the stack's own Portkey, without any it is", () => {
    const local = outputs({ portkey: { mode: 'local' } });
    const names = (alias: string) => Object.keys(clientWithKey('dev', local, alias).auth);
    expect([names('alice'), names('bob'), names('carol')]).toEqual([
      ['litellm'],
      ['litellm'],
      ['litellm', 'portkey'],
    ]);
  });

  test('that may use no served chat model is refused', () => {
    expect(() => clientWithKey('dev', all, 'dave')).toThrow(
      'dev serves no chat model that the key "dave" may use',
    );
  });

  test('that does not exist is refused with the nearest name and the list', () => {
    expect(refusal(() => clientWithKey('dev', all, 'alcie'))).toMatchObject({
      message: 'dev has no key "alcie"; did you mean "alice"?',
      allowed: ['default', 'alice', 'bob', 'carol', 'dave'],
    });
  });
});
