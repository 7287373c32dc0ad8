/**
 * LiteLLM's prefixes that ask nobody but the address given, by what they serve there. Any other prefix is refused: LiteLLM may compute
 * a host of its own for it (bedrock, vertex_ai, replicate), or ask for a token elsewhere (gigachat), and prompts and keys would follow.
 *
 * Source: each row was run with LiteLLM 1.106.10 and an address of its own, whole and streamed, on chat completions, completions,
 * responses, messages and token counting (chat) or embeddings (embedding). test/e2e/litellm-addresses.test.ts runs them all again with
 * the LiteLLM that is pinned. A new row needs nothing but that test.
 */
import type { Model } from '../schema/catalog-schema.ts';

type Mode = Model['mode'];

const BOTH: readonly Mode[] = ['chat', 'embedding'];
const CHAT: readonly Mode[] = ['chat'];
const EMBEDDING: readonly Mode[] = ['embedding'];

/** What each prefix serves at the address given. */
export const LITELLM_PREFIXES: ReadonlyMap<string, readonly Mode[]> = new Map([
  // LiteLLM has no embeddings for it.
  ['anthropic', CHAT],
  ['azure', BOTH],
  ['baseten', CHAT],
  ['cerebras', CHAT],
  ['codestral', CHAT],
  ['cometapi', BOTH],
  ['custom_openai', CHAT],
  ['dashscope', BOTH],
  ['deepinfra', CHAT],
  // Messages only by runtimes/gateway/programs/addresses.py: by itself LiteLLM sends them to <address without /v1>/anthropic.
  ['deepseek', CHAT],
  ['featherless_ai', CHAT],
  ['fireworks_ai', BOTH],
  ['friendliai', CHAT],
  ['galadriel', CHAT],
  ['gemini', BOTH],
  ['github', CHAT],
  ['groq', CHAT],
  ['hosted_vllm', BOTH],
  // Chat only by runtimes/gateway/programs/addresses.py: by itself LiteLLM also asks huggingface.co for the model's limits. Embeddings
  // go to huggingface.co whatever the address.
  ['huggingface', CHAT],
  ['hyperbolic', CHAT],
  ['infinity', EMBEDDING],
  ['jina_ai', EMBEDDING],
  ['lambda_ai', CHAT],
  ['litellm_proxy', BOTH],
  ['llamafile', BOTH],
  ['lm_studio', BOTH],
  ['meta_llama', CHAT],
  ['minimax', CHAT],
  ['mistral', BOTH],
  ['moonshot', CHAT],
  ['nebius', BOTH],
  ['novita', CHAT],
  ['nscale', CHAT],
  ['nvidia_nim', BOTH],
  ['ollama', BOTH],
  ['ollama_chat', CHAT],
  ['openai', BOTH],
  ['openrouter', BOTH],
  ['ovhcloud', BOTH],
  ['perplexity', BOTH],
  ['sambanova', BOTH],
  ['scaleway', CHAT],
  ['together_ai', BOTH],
  ['vercel_ai_gateway', BOTH],
  ['volcengine', BOTH],
  ['voyage', EMBEDDING],
  ['wandb', BOTH],
  ['xai', CHAT],
  ['xinference', BOTH],
  ['zai', CHAT],
]);

/** An address as LiteLLM's provider wants it: without what it adds itself. */
export function litellmAddress(prefix: string | undefined, address: string): string {
  // Anthropic's clients are told the address with /v1, LiteLLM adds it by itself.
  return prefix === 'anthropic' ? address.replace(/\/v1$/, '') : address;
}
