/** A small catalogue. Tests depend on its line numbers. */
export const SMALL = `providers:
  openai:
    name: OpenAI
    key: OPENAI_API_KEY
    keyPattern: sk-[A-Za-z0-9_-]{32,}
    litellm: openai
    baseUrl: https://api.openai.com/v1
    portkey: openai
    client: { id: openai-direct, package: '@ai-sdk/openai' }
  groq:
    name: Groq
    key: GROQ_API_KEY
    keyPattern: gsk_[A-Za-z0-9]{40,}
    litellm: groq
    baseUrl: https://api.groq.com/openai/v1
  portkey:
    name: Portkey
    key: PORTKEY_API_KEY
    keyPattern: pk-[A-Za-z0-9]{20,}
    baseUrl: https://api.portkey.ai/v1
    client: { id: portkey, package: '@ai-sdk/openai-compatible' }
models:
  big:
    provider: openai
    model: gpt-5.6
    supersedes: [gpt-4]
    timeout: 120
  fast:
    provider: groq
    model: openai/gpt-oss-20b
  other:
    provider: openai
    model: gpt-5.6-terra
  embed:
    provider: openai
    model: text-embedding-3-small
    mode: embedding
fallbacks:
  big: [fast, other]
  other: [fast]
defaults:
  timeout: 60
limits:
  requestTimeout: 120
client:
  priority: [openai-direct, litellm]
  lanes:
    speed: { provider: openai-direct, model: big }
    cost: { provider: portkey, model: auto }
portkey:
  routes:
    auto: { order: price, targets: [big, other] }
`;
