/** Canaries, which are keys that occur nowhere else on the machine, and the search for them in texts. Pure. */
import { randomBytes } from 'node:crypto';

/** A secret to look for. */
export interface Canary {
  /** The secret's name; for a rotated one with its time, e.g. `GROQ_API_KEY before its rotation`. */
  name: string;
  value: string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function letters(count: number): string {
  return Array.from(randomBytes(count), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

function hex(count: number): string {
  return randomBytes(count / 2).toString('hex');
}

/** A new key for each provider, in the format of its real keys: with a known prefix, plain hex, mixed letters, base64. */
export function newCanaries(): Canary[] {
  const values: Record<string, string> = {
    OPENAI_API_KEY: `sk-proj-${letters(48)}`,
    ANTHROPIC_API_KEY: `sk-ant-api03-${letters(48)}`,
    DEEPSEEK_API_KEY: `sk-${hex(32)}`,
    GROQ_API_KEY: `gsk_${letters(52)}`,
    MISTRAL_API_KEY: letters(32),
    OPENROUTER_API_KEY: `sk-or-v1-${hex(64)}`,
    TOGETHER_API_KEY: hex(64),
    PERPLEXITY_API_KEY: hex(40),
    HUGGINGFACE_API_KEY: `hf_${letters(34)}`,
    PORTKEY_API_KEY: randomBytes(33).toString('base64'),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A text that must not be found, and the canary that it reveals. */
export interface Needle {
  canary: string;
  bytes: Buffer;
}

/** The needles of canaries: both halves of each key, since half a key is a leak too, and its base64 encoding at any offset. */
export function needlesOf(canaries: readonly Canary[]): Needle[] {
  return canaries.flatMap(({ name, value }) => {
    const half = Math.max(16, Math.floor(value.length / 2));
    const texts = new Set([value.slice(-half), value.slice(0, half), ...encodings(value)]);
    return [...texts].map((text) => ({ canary: name, bytes: Buffer.from(text) }));
  });
}

/** The base64 characters that depend only on the key, for each of its three possible offsets in a longer text. */
function encodings(value: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64');
    const first = Math.ceil((offset * 8) / 6);
    return encoded.slice(first, Math.floor(((offset + value.length) * 8) / 6));
  });
}

/** The names of the canaries that occur in `haystack`. */
export function found(haystack: Buffer, needles: readonly Needle[]): string[] {
  return [...new Set(needles.filter(({ bytes }) => haystack.includes(bytes)).map(({ canary }) => canary))];
}

/** The names of the canaries that occur in a stream of any length. */
export async function foundInStream(
  stream: AsyncIterable<unknown>,
  needles: readonly Needle[],
): Promise<string[]> {
  const longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  const names = new Set<string>();
  let tail = Buffer.alloc(0);
  let pending: Buffer[] = [];
  let size = 0;
  const look = (): void => {
    const block = Buffer.concat([tail, ...pending]);
    for (const name of found(block, needles)) names.add(name);
    tail = block.subarray(-(longest - 1));
    pending = [];
    size = 0;
  };
  for await (const piece of stream) {
    pending.push(piece as Buffer);
    size += (piece as Buffer).length;
    // Search in large blocks, since every search has a cost per needle as well as per byte.
    if (size > 4_000_000) look();
  }
  look();
  return [...names];
}
