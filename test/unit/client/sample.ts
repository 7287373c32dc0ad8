/** A client's view of a stack, for tests without a catalogue. */
import type { ClientProvider, ClientView } from '../../../domain/render/opencode-files.ts';

const LIMIT = { context: 128_000, output: 8192 };

/** A provider with models of these names. */
export function provider(
  id: string,
  models: readonly string[],
  more: Partial<ClientProvider> = {},
): ClientProvider {
  return {
    id,
    layer: id === 'litellm' ? 2 : id === 'portkey' ? 3 : 1,
    title: id,
    npm: '@ai-sdk/openai-compatible',
    baseUrl: `http://127.0.0.1:9/${id}`,
    models: models.map((name) => ({ id: `${name}-id`, name, aliases: [name], limit: LIMIT })),
    ...more,
  };
}

const OFF = { off: { reason: 'no key', command: 'pulumi config set --secret X_API_KEY' } };

/** The gateway with its mock, Groq with a key, OpenRouter without one. */
export function view(more: Partial<ClientView> = {}): ClientView {
  return {
    stack: 'dev',
    providers: [
      provider('litellm', [], { models: [{ id: 'mock', name: 'mock', aliases: ['mock'], limit: LIMIT }] }),
      provider('groq-direct', ['groq-mixtral', 'groq-llama3-70b']),
      provider('openrouter-direct', ['openrouter-auto'], OFF),
    ],
    lanes: {
      speed: { provider: 'groq-direct', model: 'groq-mixtral' },
      reliability: { provider: 'litellm', model: 'claude-3-5-sonnet' },
      rare: { provider: 'openrouter-direct', model: 'openrouter-auto' },
    },
    priority: ['groq-direct', 'litellm', 'openrouter-direct'],
    agents: [
      { name: 'fast', lane: 'speed', description: 'Fast code' },
      { name: 'rare', lane: 'rare' },
    ],
    template: { autoupdate: false },
    ...more,
  };
}
