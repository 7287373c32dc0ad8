/** Names of settings and of providers' keys. */
import { didYouMean, listNames, suggest } from '../diagnostics/suggest.ts';

/** The keys that the shipped catalogue knows, for when there is no catalogue to ask. */
export const SHIPPED_KEYS: readonly string[] = [
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'DEEPSEEK_API_KEY',
  'GROQ_API_KEY',
  'MISTRAL_API_KEY',
  'OPENROUTER_API_KEY',
  'TOGETHER_API_KEY',
  'PERPLEXITY_API_KEY',
  'HUGGINGFACE_API_KEY',
  'PORTKEY_API_KEY',
];

/** The name without the number of a further key: `OPENAI_API_KEY_2` → `OPENAI_API_KEY`. */
export function keyBase(name: string): string {
  return name.replace(/_[2-9]$/, '');
}

/** What to say of a name that is neither a setting nor a known key, and the command that mends it. */
export function explainUnknown(
  name: string,
  settings: readonly string[],
  keys: readonly string[],
): { message: string; fix: string } {
  if (/_API_KEY|^[A-Z0-9_]+$/.test(name)) {
    // The common ending would make every key near every other.
    const stem = (key: string) => key.replace(/_API_KEY.*$/, '');
    const stems = suggest(stem(name), keys.map(stem));
    const near = keys.find((key) => stem(key) === stems);
    const numbered = /_API_KEY_\d+$/.test(name) && keys.includes(name.replace(/_\d+$/, ''));
    const hint = numbered
      ? '; further keys are numbered _2 to _9;'
      : near === undefined
        ? ';'
        : `; did you mean "${near}"?`;
    return {
      message: `no provider's key is called that${hint} allowed: ${listNames(keys)}`,
      fix: `pulumi config rm ${name}${near && !numbered ? ` && pulumi config set --secret ${near}` : ''}`,
    };
  }
  const hint = didYouMean(name, settings) || ';';
  return {
    message: `unknown setting${hint} allowed: ${listNames(settings)}, and the providers' keys as secrets`,
    fix: `pulumi config rm ${name}`,
  };
}
