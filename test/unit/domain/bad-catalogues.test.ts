/**
 * Bad catalogues and the exact messages about them. Each case changes one line of SMALL; the file is called c.yaml.
 */
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { LITELLM_PREFIXES } from '../../../domain/facts/litellm-prefixes.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { listNames } from '../../../domain/diagnostics/suggest.ts';
import { SMALL } from './small.ts';

const TOP_KEYS = 'providers, models, fallbacks, defaults, routing, limits, cache, client, portkey';
const PROVIDER_KEYS = 'name, key, keyPattern, keyUrl, litellm, baseUrl, gatewayBaseUrl, portkey, client';
const MODEL_KEYS =
  'provider, model, mode, supersedes, timeout, streamTimeout, maxParallel, limit, cost, capabilities, notInPriceMap, acceptRetired, note';
const ALIAS_FORM = 'an alias is made of lower-case letters, digits, ".", "_" and "-", 64 at most';
const URL_FORM = 'expected a URL: http(s)://host/path, without user, query or fragment';
const TAKE_OUT =
  'take it out, revoke it if the file was ever shared or committed, and set the new one: pulumi config set --secret';

/** The mistake, the text that is replaced, its replacement, and the message. */
const CASES: [name: string, from: string, to: string, expected: string][] = [
  [
    'unknown key at the top',
    `defaults:
`,
    `defauls:
`,
    `c.yaml:41:1 defauls: unknown key; did you mean "defaults"? allowed here: ${TOP_KEYS}`,
  ],
  [
    'a prefix whose host LiteLLM computes',
    '    litellm: groq',
    '    litellm: bedrock',
    `c.yaml:14:14 providers.groq.litellm: the prefix "bedrock" is not verified to call only baseUrl; allowed: ${listNames([...LITELLM_PREFIXES.keys()])}
    for an OpenAI-compatible API: "litellm: openai", or hosted_vllm`,
  ],
  [
    'a misspelt prefix',
    '    litellm: groq',
    '    litellm: grok',
    `c.yaml:14:14 providers.groq.litellm: the prefix "grok" is not verified to call only baseUrl; did you mean "groq"? allowed: ${listNames([...LITELLM_PREFIXES.keys()])}
    for an OpenAI-compatible API: "litellm: openai", or hosted_vllm`,
  ],
  [
    'embeddings with a prefix that does not serve them at the address',
    '    provider: openai\n    model: text-embedding-3-small\n',
    '    provider: groq\n    model: text-embedding-3-small\n',
    `c.yaml:37:11 models.embed.mode: with the prefix "groq" LiteLLM does not serve embedding at the configured address; allowed: chat
    for an OpenAI-compatible API: "litellm: openai", or hosted_vllm`,
  ],
  [
    "an address as a model's id",
    '    model: openai/gpt-oss-20b\n',
    '    model: http://elsewhere.example/v1\n',
    `c.yaml:30:12 models.fast.model: a model id cannot be an address; set the provider's baseUrl or gatewayBaseUrl`,
  ],
  [
    'unknown key of a model',
    '    timeout: 120',
    '    timeot: 120',
    `c.yaml:27:5 models.big.timeot: unknown key; did you mean "timeout"? allowed here: ${MODEL_KEYS}`,
  ],
  [
    'unknown key that is similar to no other',
    '    timeout: 120',
    '    colour: red',
    `c.yaml:27:5 models.big.colour: unknown key; allowed here: ${MODEL_KEYS}`,
  ],
  [
    'unknown key of a provider',
    '    litellm: groq',
    '    lite_llm: groq',
    `c.yaml:14:5 providers.groq.lite_llm: unknown key; did you mean "litellm"? allowed here: ${PROVIDER_KEYS}`,
  ],
  [
    'unknown key in a nested mapping',
    'id: openai-direct, package',
    'id: openai-direct, packge: x, package',
    'c.yaml:9:34 providers.openai.client.packge: unknown key; did you mean "package"? allowed here: id, package, purpose',
  ],
  [
    "LiteLLM's name for a key",
    '    timeout: 120',
    '    stream_timeout: 120',
    `c.yaml:27:5 models.big.stream_timeout: unknown key; Switchyard's name for it is streamTimeout; allowed here: ${MODEL_KEYS}`,
  ],
  [
    "the seed's fallback_models",
    `fallbacks:
`,
    `fallback_models:
`,
    `c.yaml:38:1 fallback_models: unknown key; Switchyard's name for it is fallbacks; allowed here: ${TOP_KEYS}`,
  ],
  [
    'a key that looks like a secret',
    '    timeout: 120',
    '    sk-proj-Abcdefghijklmnop0123456789ABCDEF: 120',
    `c.yaml:27:5 models.big["(hidden: it looks like a key)"]: unknown key; allowed here: ${MODEL_KEYS}
c.yaml:27:5 this looks like a key of OpenAI; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} OPENAI_API_KEY`,
  ],
  [
    'missing provider',
    `    provider: openai
    model: gpt-5.6
`,
    `    model: gpt-5.6
`,
    'c.yaml:23:3 models.big.provider: required, but missing: Its provider: a name under providers.',
  ],
  [
    'missing model',
    `    model: gpt-5.6
`,
    '',
    "c.yaml:23:3 models.big.model: required, but missing: The provider's own id of the model, without LiteLLM's prefix.",
  ],
  [
    'missing keyPattern',
    `    keyPattern: gsk_[A-Za-z0-9]{40,}
`,
    '',
    'c.yaml:10:3 providers.groq.keyPattern: required, but missing: A regular expression for its keys, to find keys outside of secrets. Required unless key is none.',
  ],
  [
    'missing models',
    `models:
`,
    `modls:
`,
    `c.yaml:1:1 models: required, but missing: The aliases that clients request.
c.yaml:22:1 modls: unknown key; did you mean "models"? allowed here: ${TOP_KEYS}`,
  ],
  [
    'a string for a number',
    '    timeout: 120',
    '    timeout: soon',
    'c.yaml:27:14 models.big.timeout: found "soon"; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'a number in quotes',
    '    timeout: 120',
    '    timeout: "120"',
    'c.yaml:27:14 models.big.timeout: found "120"; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'zero',
    '    timeout: 120',
    '    timeout: 0',
    'c.yaml:27:14 models.big.timeout: found 0; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'too large',
    '    timeout: 120',
    '    timeout: 36000',
    'c.yaml:27:14 models.big.timeout: found 36000; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'a fraction',
    '    timeout: 120',
    '    timeout: 1.5',
    'c.yaml:27:14 models.big.timeout: found 1.5; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'a list for a number',
    '    timeout: 120',
    '    timeout: [120]',
    'c.yaml:27:14 models.big.timeout: found [120]; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'nothing for a number',
    '    timeout: 120',
    '    timeout:',
    'c.yaml:27:13 models.big.timeout: found nothing; expected a whole number of seconds from 1 to 3600',
  ],
  [
    'a mapping for a string',
    `    model: gpt-5.6
`,
    `    model: { id: gpt-5.6 }
`,
    'c.yaml:25:12 models.big.model: found {"id":"gpt-5.6"}; expected a string',
  ],
  [
    'a space in a model id',
    `    model: gpt-5.6
`,
    `    model: gpt 5.6
`,
    'c.yaml:25:12 models.big.model: found "gpt 5.6"; expected the provider\'s own id of the model, without spaces',
  ],
  [
    'an unknown mode',
    'mode: embedding',
    'mode: embeding',
    'c.yaml:37:11 models.embed.mode: found "embeding"; allowed: chat, embedding; did you mean "embedding"?',
  ],
  [
    'a list for a mapping',
    `models:
  big:`,
    `models:
  - big:`,
    'c.yaml:28:1 not valid YAML: All mapping items must start at the same column',
  ],
  [
    'a string for the models',
    `fallbacks:
  big: [fast, other]`,
    `fallbacks: all
x:
  big: [fast, other]`,
    `c.yaml:38:12 fallbacks: found "all"; expected a mapping
c.yaml:39:1 x: unknown key; allowed here: ${TOP_KEYS}`,
  ],
  [
    'a string for a chain',
    'big: [fast, other]',
    'big: fast',
    'c.yaml:39:8 fallbacks.big: found "fast"; expected a list',
  ],
  [
    'an empty chain',
    '  other: [fast]',
    '  other: []',
    'c.yaml:40:10 fallbacks.other: found []; expected at least one entry',
  ],
  [
    'a number in a chain',
    'big: [fast, other]',
    'big: [fast, 5]',
    'c.yaml:39:15 fallbacks.big[1]: found 5; expected a string',
  ],
  [
    'a capital in an alias',
    `  big:
    provider`,
    `  Big:
    provider`,
    `c.yaml:23:3 models.Big: the name is not allowed: ${ALIAS_FORM}`,
  ],
  [
    'a slash in an alias',
    `  fast:
    provider`,
    `  fast/1:
    provider`,
    `c.yaml:28:3 models["fast/1"]: the name is not allowed: ${ALIAS_FORM}
c.yaml:39:9 fallbacks.big[0]: no such alias: "fast"; allowed: big, other, embed
c.yaml:40:11 fallbacks.other[0]: no such alias: "fast"; allowed: big, other, embed`,
  ],
  [
    'a key name without _API_KEY',
    'key: GROQ_API_KEY',
    'key: GROQ_TOKEN',
    'c.yaml:12:10 providers.groq.key: found "GROQ_TOKEN"; expected the name of a key, SOMETHING_API_KEY, or none for a server without keys',
  ],
  [
    'a URL without a scheme',
    'https://api.groq.com/openai/v1',
    'api.groq.com/openai/v1',
    `c.yaml:15:14 providers.groq.baseUrl: found "api.groq.com/openai/v1"; ${URL_FORM}`,
  ],
  [
    'a URL with a password',
    'https://api.groq.com/openai/v1',
    'https://me:secret@api.groq.com/v1',
    `c.yaml:15:14 providers.groq.baseUrl: found "https://me:secret@api.groq.com/v1"; ${URL_FORM}`,
  ],
  [
    'a package that opencode does not contain',
    "'@ai-sdk/openai' }",
    "'@ai-sdk/opnai' }",
    'c.yaml:9:43 providers.openai.client.package: found "@ai-sdk/opnai"; allowed: @ai-sdk/openai-compatible, @ai-sdk/openai, @ai-sdk/anthropic, @ai-sdk/groq, @openrouter/ai-sdk-provider, @ai-sdk/togetherai; did you mean "@ai-sdk/openai"?',
  ],
  [
    'an unknown routing strategy',
    `defaults:
`,
    `routing:
  strategy: usage-based
defaults:
`,
    'c.yaml:42:13 routing.strategy: found "usage-based"; allowed: simple-shuffle, least-busy, latency-based-routing, cost-based-routing, usage-based-routing-v2',
  ],
  [
    "the router's order of a route",
    'order: price',
    'order: cheapest',
    'c.yaml:52:20 portkey.routes.auto.order: found "cheapest"; allowed: priority, price',
  ],
  [
    'a cache ttl of zero',
    `defaults:
`,
    `cache: { ttl: 0 }
defaults:
`,
    'c.yaml:41:15 cache.ttl: found 0; expected a whole number of seconds from 1 to 2592000',
  ],
  [
    'a cache without space',
    `defaults:
`,
    `cache: { maxMb: 0 }
defaults:
`,
    'c.yaml:41:17 cache.maxMb: found 0; expected a whole number of MiB from 1 to 1048576',
  ],
  [
    'an unknown choice of cached requests',
    `defaults:
`,
    `cache: { requests: some }
defaults:
`,
    'c.yaml:41:20 cache.requests: found "some"; allowed: repeatable, all',
  ],
  [
    'a word for a boolean',
    `defaults:
`,
    `cache: { enabled: yes }
defaults:
`,
    'c.yaml:41:19 cache.enabled: found "yes"; allowed: true, false',
  ],
  [
    'a retirement without a date',
    '    timeout: 120',
    '    acceptRetired: { model: gpt-5.6 }',
    'c.yaml:27:5 models.big.acceptRetired.date: required, but missing: expected a date: YYYY-MM-DD',
  ],
  [
    'a retirement with a wrong date',
    '    timeout: 120',
    '    acceptRetired: { model: gpt-5.6, date: 23.10.2026 }',
    'c.yaml:27:44 models.big.acceptRetired.date: found "23.10.2026"; expected a date: YYYY-MM-DD',
  ],
  [
    'a negative price',
    '    timeout: 120',
    '    cost: { input: -1, output: 2 }',
    'c.yaml:27:20 models.big.cost.input: found -1; expected a number of US dollars per million tokens from 0',
  ],
  [
    'a limit of zero',
    '    timeout: 120',
    '    limit: { context: 0, output: 1 }',
    'c.yaml:27:23 models.big.limit.context: found 0; expected a whole number of tokens from 1',
  ],
  [
    'an alias twice',
    `  other:
    provider: openai
`,
    `  big:
    provider: openai
`,
    'c.yaml:31:3 models.big: given twice: first in line 23',
  ],
  [
    'a provider twice',
    `  portkey:
    name: Portkey`,
    `  groq:
    name: Portkey`,
    'c.yaml:16:3 providers.groq: given twice: first in line 10',
  ],
  [
    'a chain twice',
    '  other: [fast]',
    '  big: [fast]',
    'c.yaml:40:3 fallbacks.big: given twice: first in line 39',
  ],
  [
    'a key twice',
    '    timeout: 120',
    `    timeout: 120
    timeout: 60`,
    'c.yaml:28:5 models.big.timeout: given twice: first in line 27',
  ],
  [
    'an unknown provider',
    'provider: groq',
    'provider: grok',
    'c.yaml:29:15 models.fast.provider: unknown provider "grok"; did you mean "groq"? allowed: openai, groq',
  ],
  [
    'a provider that is similar to no other',
    'provider: groq',
    'provider: acme',
    'c.yaml:29:15 models.fast.provider: unknown provider "acme"; allowed: openai, groq',
  ],
  [
    'a provider without a route',
    'provider: groq',
    'provider: portkey',
    'c.yaml:29:15 models.fast.provider: the gateway cannot route to portkey: it has no "litellm"; allowed: openai, groq',
  ],
  [
    'a provider named like a property of every object',
    'provider: groq',
    'provider: constructor',
    'c.yaml:29:15 models.fast.provider: unknown provider "constructor"; allowed: openai, groq',
  ],
  [
    'a chain of an unknown alias',
    '  other: [fast]',
    '  othr: [fast]',
    'c.yaml:40:3 fallbacks.othr: no such alias; did you mean "other"? allowed: big, fast, other, embed',
  ],
  [
    'a hop to an unknown alias',
    'big: [fast, other]',
    'big: [fats, other]',
    'c.yaml:39:9 fallbacks.big[0]: no such alias: "fats"; did you mean "fast"? allowed: big, fast, other, embed',
  ],
  [
    'a hop named like a property of every object',
    'big: [fast, other]',
    'big: [toString]',
    `c.yaml:39:9 fallbacks.big[0]: found "toString"; ${ALIAS_FORM}`,
  ],
  [
    'a chain to itself',
    '  other: [fast]',
    '  other: [other]',
    'c.yaml:40:11 fallbacks.other[0]: "other" falls back to itself',
  ],
  [
    'a hop twice',
    'big: [fast, other]',
    'big: [fast, fast]',
    'c.yaml:39:15 fallbacks.big[1]: "fast" appears twice in this chain',
  ],
  [
    'a pattern for a provider without keys',
    '    key: GROQ_API_KEY',
    '    key: none',
    'c.yaml:13:5 providers.groq.keyPattern: a provider with "key: none" has no keys: remove this line',
  ],
  [
    'Portkey without a key',
    '    key: PORTKEY_API_KEY\n    keyPattern: pk-[A-Za-z0-9]{20,}',
    '    key: none',
    "c.yaml:18:10 providers.portkey.key: Portkey's cloud needs a key",
  ],
  ...[
    ...[
      'http://localhost:11434',
      'http://LOCALHOST.:11434',
      'http://app.localhost:11434',
      'http://ip6-localhost:11434',
    ],
    ...[
      'http://127.0.0.1:11434',
      'http://127.1:11434',
      'http://0x7f000001:11434',
      'http://2130706433:11434',
      'http://127.255.0.3:11434',
    ],
    ...[
      'http://0.0.0.0:11434',
      'http://0:11434',
      'http://[::1]:11434',
      'http://[::]:11434',
      'http://[0:0:0:0:0:0:0:1]:11434',
    ],
    ...['http://[::ffff:127.0.0.1]:11434', 'http://[::127.0.0.1]:11434', 'http://[::ffff:0.0.0.0]:11434'],
  ].map((address): [string, string, string, string] => [
    `the address ${address}`,
    '    baseUrl: https://api.groq.com/openai/v1',
    `    baseUrl: ${address}/v1`,
    `c.yaml:15:14 providers.groq.baseUrl: in a container ${new URL(address).hostname} is the container itself, not this machine; allowed: http://host.docker.internal:11434/v1
    the server must accept connections from containers: see docs/local-models.md`,
  ]),
  [
    'a local address for the gateway and for clients',
    '    baseUrl: https://api.openai.com/v1',
    '    baseUrl: https://localhost/v1',
    `c.yaml:7:14 providers.openai.baseUrl: in a container localhost is the container itself, not this machine; allowed: https://host.docker.internal/v1
    keep this address for clients, and add "gatewayBaseUrl: https://host.docker.internal/v1"; the server must accept connections from containers: see docs/local-models.md`,
  ],
  [
    'a local address for the gateway',
    '    baseUrl: https://api.openai.com/v1',
    '    baseUrl: http://localhost:1/v1\n    gatewayBaseUrl: http://127.0.0.1:1/v1',
    `c.yaml:8:21 providers.openai.gatewayBaseUrl: in a container 127.0.0.1 is the container itself, not this machine; allowed: http://host.docker.internal:1/v1
    the server must accept connections from containers: see docs/local-models.md`,
  ],
  [
    'a chain to an embedding',
    '  other: [fast]',
    '  other: [embed]',
    'c.yaml:40:11 fallbacks.other[0]: "embed" is for embedding, "other" for chat',
  ],
  [
    "a timeout beyond the request's",
    '    timeout: 120',
    '    timeout: 121',
    'c.yaml:27:14 models.big.timeout: 121 s exceeds limits.requestTimeout (120 s), which ends the request first',
  ],
  [
    "a default timeout beyond the request's",
    '  timeout: 60',
    '  timeout: 600',
    'c.yaml:42:12 defaults.timeout: 600 s exceeds limits.requestTimeout (120 s), which ends the request first',
  ],
  [
    "a stream's timeout beyond the request's",
    '    timeout: 120',
    '    streamTimeout: 300',
    'c.yaml:27:20 models.big.streamTimeout: 300 s exceeds limits.requestTimeout (120 s), which ends the request first',
  ],
  [
    "the mock's name",
    `fallbacks:
`,
    `  mock:
    provider: groq
    model: openai/gpt-oss-120b
fallbacks:
`,
    'c.yaml:38:3 models.mock: "mock" is reserved for the mock model; choose another alias',
  ],
  [
    'two providers with one key',
    'key: GROQ_API_KEY',
    'key: OPENAI_API_KEY',
    'c.yaml:12:10 providers.groq.key: OPENAI_API_KEY is already used by openai',
  ],
  [
    'two providers with one client',
    'id: portkey',
    'id: openai-direct',
    'c.yaml:21:19 providers.portkey.client.id: openai-direct is already used by openai',
  ],
  [
    "the gateway's name for a client",
    'id: portkey',
    'id: litellm',
    'c.yaml:21:19 providers.portkey.client.id: litellm is already used by the gateway',
  ],
  [
    'an invalid pattern',
    'gsk_[A-Za-z0-9]{40,}',
    'gsk_[A-Za-z0-9',
    'c.yaml:13:17 providers.groq.keyPattern: this is not a valid regular expression',
  ],
  [
    'a pattern that matches the empty string',
    'keyPattern: gsk_[A-Za-z0-9]{40,}',
    'keyPattern: "(gsk_[A-Z]+)?"',
    'c.yaml:13:17 providers.groq.keyPattern: this matches the empty string, so it would find nothing',
  ],
  [
    'a pattern that takes exponential time',
    'gsk_[A-Za-z0-9]{40,}',
    'gsk_([A-Za-z0-9]+)+',
    'c.yaml:13:17 providers.groq.keyPattern: a nested repetition can take exponential time: rewrite it without one',
  ],
  [
    'a route to an alias without Portkey',
    'targets: [big, other]',
    'targets: [fast]',
    'c.yaml:52:37 portkey.routes.auto.targets[0]: no chat alias whose provider has a Portkey name: "fast"; allowed: big, other',
  ],
  [
    'a route to an unknown alias',
    'targets: [big, other]',
    'targets: [bigg]',
    'c.yaml:52:37 portkey.routes.auto.targets[0]: no chat alias whose provider has a Portkey name: "bigg"; did you mean "big"? allowed: big, other',
  ],
  [
    'a priority of an unknown client',
    '[openai-direct, litellm]',
    '[openai, litellm]',
    'c.yaml:46:14 client.priority[0]: no such client provider: "openai"; allowed: litellm, openai-direct, portkey',
  ],
  [
    'a lane of an unknown client',
    'speed: { provider: openai-direct',
    'speed: { provider: openai',
    'c.yaml:48:24 client.lanes.speed.provider: no such client provider: "openai"; allowed: litellm, openai-direct, portkey',
  ],
  [
    'a lane to a model of another provider',
    'speed: { provider: openai-direct, model: big',
    'speed: { provider: openai-direct, model: fast',
    'c.yaml:48:46 client.lanes.speed.model: openai-direct serves no such chat model: "fast"; allowed: big, other',
  ],
  [
    'a lane to an unknown route',
    'provider: portkey, model: auto',
    'provider: portkey, model: autp',
    'c.yaml:49:39 client.lanes.cost.model: portkey serves no such chat model: "autp"; did you mean "auto"? allowed: auto',
  ],
  [
    'a key as a value',
    '    timeout: 120',
    '    note: sk-proj-Abcdefghijklmnop0123456789ABCDEF',
    `c.yaml:27:11 this looks like a key of OpenAI; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} OPENAI_API_KEY`,
  ],
  [
    'a key in a comment',
    '    timeout: 120',
    '    timeout: 120 # gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH',
    `c.yaml:27:20 this looks like a key of Groq; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} GROQ_API_KEY`,
  ],
  [
    'a key instead of a name',
    'provider: groq',
    'provider: gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH',
    `c.yaml:29:15 models.fast.provider: found (hidden: it looks like a key); a provider is named with lower-case letters, digits and "-", 32 at most
c.yaml:29:15 this looks like a key of Groq; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} GROQ_API_KEY`,
  ],
  [
    'an anchor',
    '  big: [fast, other]',
    '  big: &chain [fast, other]',
    'c.yaml:39:15 fallbacks.big: the anchor &chain is not allowed: write the value out',
  ],
  [
    'a YAML alias',
    '  other: [fast]',
    '  other: *chain',
    'c.yaml:40:10 fallbacks.other: the alias *chain is not allowed: write the value out',
  ],
  [
    'a tag',
    '    timeout: 120',
    '    timeout: !!binary aGk=',
    'c.yaml:27:23 models.big.timeout: the tag tag:yaml.org,2002:binary is not allowed',
  ],
  [
    'a tab',
    '    timeout: 120',
    '\ttimeout: 120',
    'c.yaml:27:1 not valid YAML: Tabs are not allowed as indentation',
  ],
  [
    'a missing bracket',
    'big: [fast, other]',
    'big: [fast, other',
    'c.yaml:40:3 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  [
    'a missing quote',
    "'@ai-sdk/openai' }",
    "'@ai-sdk/openai }",
    "c.yaml:9:60 not valid YAML: Missing closing 'quote",
  ],
  [
    'a second document',
    `defaults:
`,
    `---
defaults:
`,
    'c.yaml:41:1 a second document begins here; one file holds one document',
  ],
  [
    'a mapping as a key',
    '    timeout: 120',
    `    ? { a: 1 }
    : 120`,
    'c.yaml:27:7 models.big: expected a plain word as key',
  ],
  [
    'a key named __proto__',
    '    timeout: 120',
    '    __proto__: { a: 1 }',
    'c.yaml:27:5 models.big: expected a plain word as key',
  ],
];

/** Whole files. */
const FILES: [name: string, text: string, expected: string][] = [
  [
    'an empty file',
    '',
    `c.yaml providers: required, but missing: The providers of models.
c.yaml models: required, but missing: The aliases that clients request.`,
  ],
  [
    'a comment only',
    `# nothing
`,
    `c.yaml:1:1 providers: required, but missing: The providers of models.
c.yaml:1:1 models: required, but missing: The aliases that clients request.`,
  ],
  ['a text', 'hello', `c.yaml:1:1 found "hello"; expected a mapping with: ${TOP_KEYS}`],
  [
    'a list',
    `- a
- b
`,
    `c.yaml:1:1 found ["a","b"]; expected a mapping with: ${TOP_KEYS}`,
  ],
  ['a number', '42', `c.yaml:1:1 found 42; expected a mapping with: ${TOP_KEYS}`],
  [
    'a billion laughs',
    `a: &a [x, x]
b: &b [*a, *a]
c: [*b, *b]
`,
    `c.yaml:1:7 a: the anchor &a is not allowed: write the value out
c.yaml:2:7 b: the anchor &b is not allowed: write the value out
c.yaml:3:5 c[0]: the alias *b is not allowed: write the value out
c.yaml:3:9 c[1]: the alias *b is not allowed: write the value out`,
  ],
  ['nested too deeply to be parsed', '['.repeat(20_000), 'c.yaml nested too deeply to be read'],
  [
    'nested too deeply to be read',
    `${'{ a: '.repeat(50)}1${' }'.repeat(50)}`,
    'c.yaml:1:206 a.a.a.a: nested deeper than 40 levels',
  ],
  [
    'larger than any catalogue',
    '#'.repeat(5_000_000),
    'c.yaml the file has 5000000 characters; 4194304 are allowed',
  ],
];

describe('a bad catalogue', () => {
  test('is a change of SMALL, which has no problems itself', () => {
    expect(parseCatalog(SMALL, 'c.yaml').problems).toEqual([]);
  });

  test.each(CASES)('%s', (_name, from, to, expected) => {
    expect(SMALL.split(from)).not.toHaveLength(1);
    const { catalog, problems } = parseCatalog(
      SMALL.replace(from, () => to),
      'c.yaml',
    );
    expect(formatProblems(problems)).toBe(expected);
    expect(catalog).toBeUndefined();
  });

  test.each(FILES)('%s', (_name, text, expected) => {
    const { catalog, problems } = parseCatalog(text, 'c.yaml');
    expect(formatProblems(problems)).toBe(expected);
    expect(catalog).toBeUndefined();
  });

  test.each([
    ['chains that name each other', '  other: [fast]', '  other: [big]'],
    ['chains in a circle', '  other: [fast]', '  other: [fast]\n  fast: [big]'],
    [
      'a local address that only clients use',
      '    litellm: groq\n    baseUrl: https://api.groq.com/openai/v1',
      '    litellm: groq\n    baseUrl: http://localhost:1/v1\n    gatewayBaseUrl: http://host.docker.internal:1/v1',
    ],
    [
      'a name that only looks local',
      '    baseUrl: https://api.groq.com/openai/v1',
      '    baseUrl: http://localhost.example/v1',
    ],
    [
      'an address in the local network',
      '    baseUrl: https://api.groq.com/openai/v1',
      '    baseUrl: http://10.0.0.127:8000/v1',
    ],
  ])('is not one with %s', (_name, from, to) => {
    expect(SMALL.split(from)).toHaveLength(2);
    expect(
      formatProblems(
        parseCatalog(
          SMALL.replace(from, () => to),
          'c.yaml',
        ).problems,
      ),
    ).toBe('');
  });

  test('gets all errors at once, in the order of their lines', () => {
    const text = SMALL.replace('    timeout: 120', '    timeot: 120')
      .replace('provider: groq', 'provider: grok')
      .replace('  other: [fast]', '  other: [fats]')
      .replace('mode: embedding', 'mode: embeding')
      .replace('  timeout: 60', '  timeout: soon');
    expect(formatProblems(parseCatalog(text, 'c.yaml').problems))
      .toBe(`c.yaml:27:5 models.big.timeot: unknown key; did you mean "timeout"? allowed here: ${MODEL_KEYS}
c.yaml:29:15 models.fast.provider: unknown provider "grok"; did you mean "groq"? allowed: openai, groq
c.yaml:37:11 models.embed.mode: found "embeding"; allowed: chat, embedding; did you mean "embedding"?
c.yaml:40:11 fallbacks.other[0]: no such alias: "fats"; did you mean "fast"? allowed: big, fast, other, embed
c.yaml:42:12 defaults.timeout: found "soon"; expected a whole number of seconds from 1 to 3600`);
  });
});
