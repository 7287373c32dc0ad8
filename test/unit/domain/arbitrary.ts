import fc from 'fast-check';
import { stringify } from 'yaml';
import { LITELLM_PREFIXES as KNOWN } from '../../../domain/facts/litellm-prefixes.ts';
import { CLIENT_PACKAGES, ROUTING_STRATEGIES } from '../../../domain/schema/catalog-schema.ts';

const LITELLM_PREFIXES = [
  'openai',
  'anthropic',
  'deepseek',
  'groq',
  'mistral',
  'openrouter',
  'together_ai',
  'perplexity',
  'huggingface',
];

const aliases = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).filter((name) => name !== 'mock');
const modelIds = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,15}(\/[A-Za-z0-9._:-]{1,20})?$/);
const seconds = fc.integer({ min: 1, max: 120 });

/** A model with a mode that its provider's prefix serves. */
function served<M extends { provider: string; mode: string }>(model: M | undefined): M | undefined {
  const modes: readonly string[] = KNOWN.get(model?.provider.replaceAll('-', '_') ?? '') ?? [];
  return model && { ...model, mode: modes.includes(model.mode) ? model.mode : 'chat' };
}

/** Valid catalogues: a wide range of what the schema and the cross-checks allow. */
export const catalogTexts: fc.Arbitrary<string> = fc
  .record({
    prefixes: fc.uniqueArray(fc.constantFrom(...LITELLM_PREFIXES), { minLength: 1, maxLength: 5 }),
    names: fc.uniqueArray(aliases, { minLength: 1, maxLength: 8 }),
    strategy: fc.constantFrom(...ROUTING_STRATEGIES),
    cache: fc.record({
      enabled: fc.boolean(),
      ttl: fc.integer({ min: 1, max: 2_592_000 }),
      maxMb: fc.integer({ min: 1, max: 1_048_576 }),
      requests: fc.constantFrom('repeatable', 'all'),
    }),
    parallelRequests: fc.integer({ min: 1, max: 10_000 }),
    clientPackage: fc.constantFrom(...CLIENT_PACKAGES),
  })
  .chain(({ prefixes, names, strategy, cache, parallelRequests, clientPackage }) =>
    fc
      .array(
        fc.record(
          {
            provider: fc.constantFrom(...prefixes.map((prefix) => prefix.replace('_', '-'))),
            model: modelIds,
            mode: fc.constantFrom('chat', 'chat', 'embedding'),
            timeout: seconds,
            streamTimeout: seconds,
            maxParallel: fc.integer({ min: 1, max: 10_000 }),
            limit: fc.record({
              context: fc.integer({ min: 1, max: 9_000_000 }),
              output: fc.integer({ min: 1, max: 900_000 }),
            }),
            cost: fc.record({
              input: fc.double({ min: 0, max: 1000, noNaN: true }),
              output: fc.double({ min: 0, max: 1000, noNaN: true }),
            }),
            note: fc.stringMatching(/^[A-Za-z ,.:#'"-]{1,40}$/),
          },
          { requiredKeys: ['provider', 'model', 'mode'] },
        ),
        { minLength: names.length, maxLength: names.length },
      )
      .map((models) => {
        const entries = names.map((name, index) => [name, served(models[index])] as const);
        return stringify({
          providers: Object.fromEntries(
            prefixes.map((prefix) => [
              prefix.replace('_', '-'),
              {
                name: prefix,
                key: `${prefix.replace('_', '').toUpperCase()}_API_KEY`,
                keyPattern: `never-${prefix}-[0-9]{30}`,
                litellm: prefix,
                baseUrl: `https://api.${prefix.replace('_', '-')}.example/v1`,
                client: { id: `${prefix.replace('_', '-')}-direct`, package: clientPackage },
              },
            ]),
          ),
          models: Object.fromEntries(entries),
          // From each to others of its mode: many of these chains lead back to where they begin.
          fallbacks: Object.fromEntries(
            entries.flatMap(([name, model], index) => {
              const others = [...entries.slice(index + 1), ...entries.slice(0, index)]
                .slice(0, 4)
                .filter(([, other]) => other?.mode === model?.mode);
              return others.length > 0 ? [[name, others.map(([other]) => other)]] : [];
            }),
          ),
          routing: { strategy },
          limits: { requestTimeout: 120, parallelRequests },
          cache,
        });
      }),
  );
