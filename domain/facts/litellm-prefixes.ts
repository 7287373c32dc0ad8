/**
 * LiteLLM's prefixes with which it calls only the configured address, and the modes that they serve there. Any other prefix is refused:
 * LiteLLM may compute another host for it (bedrock, vertex_ai, replicate) or fetch a token elsewhere (gigachat), and would send prompts and
 * keys there.
 *
 * Source: each row was tested with LiteLLM 1.106.10 and a configured address, with and without streaming, on chat completions, completions,
 * responses, messages and token counting (chat) or embeddings (embedding). test/e2e/litellm-addresses.test.ts repeats this with the pinned
 * LiteLLM. A new row only has to pass that test.
 */
import type { Model } from '../schema/catalog-schema.ts';

type Mode = Model['mode'];

const BOTH: readonly Mode[] = ['chat', 'embedding'];
const CHAT: readonly Mode[] = ['chat'];
const EMBEDDING: readonly Mode[] = ['embedding'];

/** The modes that each prefix serves at the configured address. */
export const LITELLM_PREFIXES: ReadonlyMap<string, readonly Mode[]> = new Map([
  // LiteLLM does not support embeddings for it.
  ['anthropic', CHAT],
  ['azure', BOTH],
  ['baseten', CHAT],
  ['cerebras', CHAT],
  ['codestral', CHAT],
  ['cometapi', BOTH],
  ['custom_openai', CHAT],
  ['dashscope', BOTH],
  ['deepinfra', CHAT],
  // Messages work only because of runtimes/gateway/image/programs/addresses.py: LiteLLM alone sends them to <address without /v1>/anthropic.
  ['deepseek', CHAT],
  ['featherless_ai', CHAT],
  ['fireworks_ai', BOTH],
  ['friendliai', CHAT],
  ['galadriel', CHAT],
  ['gemini', BOTH],
  ['github', CHAT],
  ['groq', CHAT],
  ['hosted_vllm', BOTH],
  // Chat works only because of runtimes/gateway/image/programs/addresses.py: LiteLLM alone also asks huggingface.co for the model's limits. It
  // sends embeddings to huggingface.co whatever the address.
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
  // These two ask localhost:11434 for the model's limits when the gateway starts, whatever the address; there is nothing in the container.
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

/** An address in the form that LiteLLM's provider expects: without the part that it adds itself. */
export function litellmAddress(prefix: string | undefined, address: string): string {
  // Anthropic's clients use the address with /v1; LiteLLM adds that part itself.
  return prefix === 'anthropic' ? address.replace(/\/v1$/, '') : address;
}
