/** Recognizes names that other tools and people use for a provider's key. Pure. */
import { suggest } from './suggest.ts';

/** Other spellings of a provider in the names of its keys, by the spelling of the catalogue. */
const OTHER_SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  ANTHROPIC: ['CLAUDE', 'ANTHROPIC_CLAUDE', 'CLAUDE_CODE'],
  DEEPSEEK: ['DEEP_SEEK'],
  GROQ: ['GROQ_CLOUD', 'GROQCLOUD'],
  HUGGINGFACE: ['HF', 'HUGGING_FACE', 'HUGGING_FACE_HUB', 'HUGGINGFACE_HUB', 'HUGGINGFACEHUB'],
  MISTRAL: ['MISTRALAI', 'MISTRAL_AI'],
  OPENAI: ['OPEN_AI', 'CHATGPT'],
  OPENROUTER: ['OPEN_ROUTER'],
  PERPLEXITY: ['PPLX', 'PERPLEXITYAI', 'PERPLEXITY_AI'],
  TOGETHER: ['TOGETHERAI', 'TOGETHER_AI'],
};

/** Names that a provider's own tools use: they can mean nothing else. */
const OWN_NAMES: Readonly<Record<string, readonly string[]>> = {
  HUGGINGFACE_API_KEY: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'],
};

const SUFFIX = /_?(?:API)?_?(?:KEY|TOKEN|SECRET)(?<number>_[2-9])?$/i;

/** A key of the catalogue that was probably meant. */
export interface NearKey {
  /** The name in the catalogue. */
  name: string;
  /** Whether the provider is certain: only the ending or a known other spelling differs. False for a likely typo. */
  certain: boolean;
}

/** The key of the catalogue that a provider's own tools call `name`. */
export function keyOfOwnName(name: string, known: readonly string[]): string | undefined {
  return known.find((key) => OWN_NAMES[key]?.includes(name));
}

/** Whether a name ends like that of a key. */
export function endsLikeKey(name: string): boolean {
  return SUFFIX.test(name);
}

/**
 * The key that was probably meant: `MISTRAL_API_KEY` for `MISTRAL_KEY`, `ANTHROPIC_API_KEY` for `CLAUDE_API_KEY`.
 *
 * @param known the names of the catalogue's keys; further ones (`…_2`) may be included.
 */
export function nearKeyName(name: string, known: readonly string[]): NearKey | undefined {
  const own = keyOfOwnName(name, known);
  if (own !== undefined) return { name: own, certain: true };
  const stem = stemOf(name);
  const stems = [...new Set(known.map(stemOf))];
  const same = stems.find((one) => one === stem || OTHER_SPELLINGS[one]?.includes(stem));
  const near = same ?? suggest(stem, stems);
  if (near === undefined) return undefined;
  const number = SUFFIX.exec(name)?.groups?.number ?? '';
  const candidates = known.filter((one) => stemOf(one) === near);
  const found =
    candidates.find((one) => (SUFFIX.exec(one)?.groups?.number ?? '') === number) ?? candidates[0];
  return found === undefined ? undefined : { name: found, certain: same !== undefined };
}

/** The part before `_API_KEY`: the provider. With the common ending, all names would be similar to each other. */
function stemOf(name: string): string {
  return name.replace(SUFFIX, '').toUpperCase();
}
