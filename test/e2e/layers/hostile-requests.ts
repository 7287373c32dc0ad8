/** Generates hostile HTTP requests: fuzzed methods, paths, headers, encodings, lengths and bodies. The same seed gives the same requests. */
import { gzipSync, zstdCompressSync } from 'node:zlib';

/** A request as bytes. */
export interface HostileRequest {
  bytes: Buffer;
  /** Whether it has a valid key. */
  keyed: boolean;
  /** Whether the server may wait for more: its length, its chunks or its headers are incomplete. Then the client disconnects. */
  incomplete: boolean;
}

const MIB = 1024 * 1024;
// prettier-ignore
const ROUTES = [
  '/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings', '/v1/models', '/chat/completions',
];
// prettier-ignore
const PATHS = [
  '/', '*', '//', '/v1/../key/generate', '/v1/models/%00', '/v1/models/..%2f..', '/ui', '/metrics', '/health', '/health/readiness',
  '/v1/chat/completions/', '/v1/chat/completions?model=x&api_base=http://x', 'http://other/v1/models', '/portkey/v1/models', '/v1/\xff\xfe',
];
// prettier-ignore
const METHODS = [
  'GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'post', 'X'.repeat(300), 'PO ST',
];
// prettier-ignore
const HEADERS = [
  'x-switchyard-held: 1', 'x-switchyard-until: 9999999999', 'x-switchyard-request: ../../x', 'x-switchyard-stalled: 1', 'x-litellm-model: gpt',
  'x-portkey-config: {}', 'x-request-id: \x01\x02', 'expect: 100-continue', 'expect: x', 'upgrade: h2c', 'connection: upgrade, http2-settings',
  'connection: keep-alive, close', 'te: trailers', 'trailer: x', 'content-type: text/xml', ': empty name', 'no colon', 'sp ace: x', ' folded',
  'x-null: a\0b', 'x-latin: \xe9\xff', 'host: other', 'accept-encoding: br;q=x', 'anthropic-version: 2023-06-01', 'cookie: a=b',
  'x-forwarded-for: 1.2.3.4, x', 'range: bytes=0-1', 'if-match: *',
];
// prettier-ignore
const CODINGS = [
  'chunked', 'Chunked', 'xchunked', 'chunked, chunked', 'gzip, chunked', 'identity', 'chunked\r\ntransfer-encoding: x', '',
];
// prettier-ignore
const LENGTHS = [
  '-1', '+5', '0x10', '5,5', '5, 6', '99999999999999999999', '', ' 3', '3 3', '1e3', '5\r\ncontent-length: 6',
];
const ENCODINGS = ['gzip', 'zstd', 'br', 'deflate', 'gzip, gzip', 'identity', '', 'x'.repeat(2000)];
// prettier-ignore
const VALUES = [
  null, true, -1, 1.5e308, 12345678901234567890n, '', '\u0000', '\ud83d', 'x'.repeat(5000), [], {}, [[]], [null], { a: { b: [] } },
];
// prettier-ignore
const FIELDS = [
  'model', 'messages', 'stream', 'max_tokens', 'tools', 'tool_choice', 'input', 'system', 'temperature', 'stop', 'metadata', 'n',
  'response_format', 'user', 'api_base', 'fallbacks', 'extra_body', 'cache', 'thinking', 'logit_bias', 'stream_options', 'litellm_params',
];

/** Random numbers from a seed (mulberry32). */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** 0 or more, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }
  below(count: number): number {
    return Math.floor(this.next() * count);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  chance(part: number): boolean {
    return this.next() < part;
  }
  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** The request of this number. `model` is a served chat model. */
export function hostileRequest(seed: number, number: number, key: string, model: string): HostileRequest {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const keyed = random.chance(0.6);
  const method = random.chance(0.75) ? 'POST' : random.pick(METHODS);
  let body = method === 'GET' && random.chance(0.7) ? Buffer.alloc(0) : hostileBody(random, model);
  const headers = [
    random.chance(0.97) ? 'host: gateway' : 'x: y',
    ...authorization(random, keyed ? key : undefined),
  ];
  if (random.chance(0.5)) headers.push('connection: close');
  for (let count = random.chance(0.4) ? random.below(6) : 0; count > 0; count -= 1)
    headers.push(random.pick(HEADERS));
  if (random.chance(0.04)) headers.push(`x-long: ${'y'.repeat(random.below(60_000))}`);
  if (random.chance(0.04))
    headers.push(...Array.from({ length: random.below(300) }, (_, index) => `x-${index}: ${index}`));
  if (random.chance(0.15)) {
    const encoding = random.pick(ENCODINGS);
    headers.push(`content-encoding: ${encoding}`);
    if (random.chance(0.8)) body = packed(encoding, body);
    if (random.chance(0.1)) body = body.subarray(0, random.below(body.length + 1));
  }
  const framed = frame(random, body, headers);
  const start = `${method} ${hostilePath(random)} ${random.chance(0.98) ? 'HTTP/1.1' : random.pick(['HTTP/1.0', 'HTTP/9.9', 'x', ''])}`;
  let bytes: Buffer = Buffer.concat([
    Buffer.from(`${[start, ...headers].join('\r\n')}\r\n\r\n`, 'latin1'),
    framed.body,
  ]);
  let { incomplete } = framed;
  if (random.chance(0.02)) {
    bytes = bytes.subarray(0, random.below(bytes.length));
    incomplete = true;
  }
  if (random.chance(0.02)) bytes = random.bytes(random.below(3000));
  // A header that is not valid can change where the server thinks that the request ends.
  return { bytes, keyed, incomplete: incomplete || !bytes.includes('\r\n\r\n') };
}

function authorization(random: Random, key: string | undefined): string[] {
  if (key === undefined)
    return random.pick([
      [],
      ['authorization: Bearer wrong'],
      ['x-api-key: '],
      ['authorization: \xff'],
      [`api-key: ${'k'.repeat(9000)}`],
    ]);
  return random.pick([
    [`authorization: Bearer ${key}`],
    [`x-api-key: ${key}`],
    [`api-key: ${key}`, 'x-api-key: wrong'],
  ]);
}

function hostilePath(random: Random): string {
  if (random.chance(0.8)) return random.pick(ROUTES);
  return random.chance(0.8) ? random.pick(PATHS) : `/v1/${'p'.repeat(random.below(40_000))}`;
}

/** The body as it is sent, with the headers for its length: correct, wrong, or in chunks. */
function frame(random: Random, body: Buffer, headers: string[]): { body: Buffer; incomplete: boolean } {
  const kind = random.next();
  if (kind < 0.55) {
    headers.push(`content-length: ${body.length}`);
    return { body, incomplete: false };
  }
  if (kind < 0.65) {
    headers.push(`content-length: ${Math.max(0, body.length + random.below(2000) - 1000)}`);
    return { body, incomplete: true };
  }
  if (kind < 0.72) headers.push(`content-length: ${random.pick(LENGTHS)}`);
  if (kind < 0.78) headers.push(`content-length: ${body.length}`);
  const valid = kind >= 0.85;
  headers.push(`transfer-encoding: ${valid ? 'chunked' : random.pick(CODINGS)}`);
  return { body: chunks(random, body, valid), incomplete: !valid };
}

function chunks(random: Random, body: Buffer, valid: boolean): Buffer {
  const parts: Buffer[] = [];
  const size = Math.max(1, random.below(2) ? random.below(300_000) : Math.ceil(body.length / 3));
  for (let start = 0; start < body.length; start += size) {
    const piece = body.subarray(start, start + size);
    const length =
      valid || random.chance(0.7)
        ? piece.length.toString(16)
        : random.pick(['-1', 'zz', 'fffffffffffffffff', '']);
    parts.push(Buffer.from(`${length}${random.chance(0.1) ? ';a=b' : ''}\r\n`), piece, Buffer.from('\r\n'));
  }
  if (valid || random.chance(0.7)) parts.push(Buffer.from('0\r\n\r\n'));
  return Buffer.concat(parts);
}

function packed(encoding: string, body: Buffer): Buffer {
  if (encoding.startsWith('gzip')) return gzipSync(body, { level: 1 });
  return encoding === 'zstd' ? zstdCompressSync(body) : body;
}

function hostileBody(random: Random, model: string): Buffer {
  const kind = random.next();
  // Above the limit of the stack, sometimes above twice the limit.
  if (kind < 0.003) return Buffer.alloc((33 + random.below(40)) * MIB, 97);
  if (kind < 0.02)
    return Buffer.alloc(random.below(4 * MIB), random.pick(['[', '{"a":', '"', '[],', '\\u0000', '9']));
  if (kind < 0.12) return random.bytes(random.below(5000));
  const fields: Record<string, unknown> = {
    model,
    max_tokens: 9,
    messages: [{ role: 'user', content: `hostile ${random.next()}` }],
  };
  for (let count = random.below(4); count > 0; count -= 1) fields[random.pick(FIELDS)] = random.pick(VALUES);
  if (kind < 0.16) fields.messages = [{ role: 'user', content: 'a'.repeat(random.below(2 * MIB)) }];
  const text = JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  const body = Buffer.from(text);
  if (kind < 0.3) return body.subarray(0, random.below(body.length));
  if (kind < 0.4) body[random.below(body.length)] = random.below(256);
  return body;
}
