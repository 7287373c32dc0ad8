/** Keys that are unlike anything else on the machine, and the search for them. Pure. */
import { randomBytes } from 'node:crypto';

/** A secret to look for. */
export interface Canary {
  /** The secret's name; of a rotated one also when, e.g. `GROQ_API_KEY before its rotation`. */
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

/** A new key for each provider, in the shape of its own keys: with a known prefix, plain hex, mixed letters, base64. */
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

/** A text that must not be found, and the canary that it betrays. */
export interface Needle {
  canary: string;
  bytes: Buffer;
}

/** Half a key is a leak too, and so is one in base64: the two halves, and what base64 makes of the key at any offset. */
export function needlesOf(canaries: readonly Canary[]): Needle[] {
  return canaries.flatMap(({ name, value }) => {
    const half = Math.max(16, Math.floor(value.length / 2));
    const texts = new Set([value.slice(-half), value.slice(0, half), ...encodings(value)]);
    return [...texts].map((text) => ({ canary: name, bytes: Buffer.from(text) }));
  });
}

/** The characters of base64 that depend on the key alone, for each of the three offsets that it can have in a longer text. */
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

/** Likewise in a stream of any length. */
export async function foundInStream(
  stream: AsyncIterable<unknown>,
  needles: readonly Needle[],
): Promise<string[]> {
  const longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  const names = new Set<string>();
  let tail = Buffer.alloc(0);
  let gathered: Buffer[] = [];
  let size = 0;
  const look = (): void => {
    const block = Buffer.concat([tail, ...gathered]);
    for (const name of found(block, needles)) names.add(name);
    tail = block.subarray(-(longest - 1));
    gathered = [];
    size = 0;
  };
  for await (const piece of stream) {
    gathered.push(piece as Buffer);
    size += (piece as Buffer).length;
    // Large blocks: the search costs by the needle as well as by the byte.
    if (size > 4_000_000) look();
  }
  look();
  return [...names];
}
