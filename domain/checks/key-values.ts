/** Checks the value of a provider's key. No message ever contains the value. */
import { describeCharacter } from '../diagnostics/characters.ts';
import { keyPatterns, mostSpecific } from '../diagnostics/key-leaks.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import { keyBase } from '../schema/provider-key-names.ts';

/** Why a value is not a key. */
export interface KeyFault {
  /** What the value is or looks like, as the end of "the value …". */
  message: string;
  /** The index of the first character that is not allowed. */
  index?: number;
  /** For a reference to a secret store: the command that prints the key, with the reference left out. */
  reader?: string;
}

/** Secret stores by the form of their references, with the command that prints a secret. */
const REFERENCES: readonly (readonly [form: RegExp, store: string, reader?: string])[] = [
  [/^op:\/\//i, '1Password', "op read 'op://…'"],
  [/^(?:hashi)?(?:corp)?[-_]?vault:/i, 'Vault', 'vault kv get -field=… …'],
  [/^aws-?s(?:ecrets)?-?m(?:anager)?:|^arn:aws[\w-]*:secretsmanager:/i, 'AWS Secrets Manager',
    'aws secretsmanager get-secret-value --query SecretString --output text --secret-id …'],
  [/^(?:gcp-?)?(?:sm|secretmanager|secret-manager):|^projects\/.+\/secrets\//i, 'Google Secret Manager',
    'gcloud secrets versions access latest --secret=…'],
  [/^@Microsoft\.KeyVault\(|^(?:azure-?)?(?:akv|keyvault):/i, 'Azure Key Vault',
    'az keyvault secret show --query value --output tsv --id …'],
  [/^ENC\[/, 'SOPS', 'sops decrypt --extract … …'],
  [/^(?:bws|doppler|infisical|keeper|lastpass|ref\+\w+|secretref|env|file):/i, 'a secret store'],
]; // prettier-ignore

/** A variable or template that nobody has filled in. */
const UNEXPANDED: readonly (readonly [form: RegExp, what: string])[] = [
  [/^\$\{.*\}$|^\$\w+$/, 'a variable that was not expanded, like ${NAME}'],
  [/^\$\(.*\)$|^`.*`$/, 'a command that was not run, like $(command)'],
  [/^%\w+%$/, 'a variable that was not expanded, like %NAME%'],
  [/^\$\{?env:\w+\}?$/i, 'a variable that was not expanded, like $env:NAME'],
  [/\{\{.*\}\}|^<%.*%>$|^@@.*@@$/, 'a template that was not filled in, like {{ name }}'],
  [/^<.*>$|^\[.*\]$|^\{.*\}$/, 'a placeholder, like <your key>'],
];

/** Words that only placeholders contain, between separators or at an end. No random key has one. */
const PLACEHOLDER_WORD = /(?:^|[-_ .])(?:your|placeholder|example|changeme|replace|insert)(?:[-_ .]|$)/i;
/** A prefix, if any, and only filling characters. */
const FILLING = /^(?:[a-z0-9]+[-_])*(?:[x*._•…-]{3,}|…)$/i;
/** Texts that are placeholders unless the provider's keys have that form. */
const PLACEHOLDER =
  /^(?:your|my|insert|enter|paste|put|replace|change)[-_ ]|^change_?me|your[-_ ]?(?:\w+[-_ ])*key|key[-_ ]?(?:goes[-_ ]?)?here|placeholder|^(?:todo|fixme|tbd)\b|^(?:xxx?|none|null|nil|undefined|example|secret|(?:api[-_ ]?)?key)$|(?:^|[-_])(?:x{3,}|\*{3,}|\.{3,}|…)$/i;

/** What people give to local servers, which need no key. Any of them would be an ordinary word in an answer. */
const DUMMIES = new Set(
  ['lm-studio', 'lmstudio', 'ollama', 'llama.cpp', 'llamacpp', 'vllm', 'dummy', 'none', 'empty', 'no-key', 'nokey', 'not-needed',
    'notneeded', 'unused', 'local', 'localhost', 'test', 'sk-1234', 'sk-no-key-required', 'no-key-required', 'anything'],
); // prettier-ignore

/** No provider's keys are shorter, and the redactors do not search for shorter ones (MIN_KEY_LENGTH in runtimes/). */
const MIN_LENGTH = 8;

/**
 * What is wrong with a key's value; undefined if it can be a key. A value in the form of the provider's keys is only refused if it is
 * evidently a placeholder.
 *
 * @param catalog absent if it cannot be read.
 * @param name the secret's name.
 */
export function keyFault(catalog: Catalog | undefined, name: string, value: string): KeyFault | undefined {
  if (value.trim() === '') return { message: 'is empty' };
  const matches = catalog === undefined ? undefined : keyPattern(catalog, name)?.test(value);
  if (matches === true) return evidentPlaceholder(value);
  const reference = REFERENCES.find(([form]) => form.test(value));
  if (reference !== undefined) {
    const [, store, reader] = reference;
    return { message: `is a reference to ${store}, not a key`, ...(reader === undefined ? {} : { reader }) };
  }
  const unexpanded = UNEXPANDED.find(([form]) => form.test(value));
  if (unexpanded !== undefined) {
    const [what, example] = unexpanded[1].split(', like ');
    return worded(value, `looks like ${what}, like ${example}`, `looks like ${what}`);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return { message: 'is an address, not a key' };
  if (DUMMIES.has(value.toLowerCase()))
    return worded(
      value,
      'is a dummy for servers that need no key, not a key of this provider',
      'is what people write where a server accepts whatever it gets',
    );
  const placeholder = evidentPlaceholder(value);
  if (placeholder !== undefined) return placeholder;
  if (PLACEHOLDER.test(value)) return placeholderFault(value);
  const index = value.search(/[^\x21-\x7e]/);
  if (index >= 0) {
    const character = describeCharacter(String.fromCodePoint(value.codePointAt(index) ?? 0));
    return { message: `contains ${character}, which no key has: a header cannot carry it`, index };
  }
  if (value.length < MIN_LENGTH)
    return worded(
      value,
      `is too short for a key (fewer than ${MIN_LENGTH} characters)`,
      `is not long enough: ${MIN_LENGTH} is the least`,
    );
  return undefined;
}

/**
 * A fault in the first wording that does not contain the value. Pulumi's engine replaces every secret of three characters or more by
 * `[secret]` in all that it prints, and a value that is no key may be an ordinary word of the message.
 */
function worded(value: string, ...wordings: [string, string]): KeyFault {
  return { message: wordings.find((one) => !one.includes(value)) ?? wordings[1] };
}

function placeholderFault(value: string): KeyFault {
  return worded(value, 'looks like a placeholder, like your-key-here', 'looks like text to be filled in');
}

function evidentPlaceholder(value: string): KeyFault | undefined {
  return PLACEHOLDER_WORD.test(value) || FILLING.test(value) ? placeholderFault(value) : undefined;
}

/**
 * The other provider whose key format a value has, if it does not have that of its own provider: such a key would be sent to the wrong
 * provider. The format that begins with the longest literal text decides: `sk-ant-…` is Anthropic's, although OpenAI's `sk-…` matches it.
 *
 * @returns the provider's name; several, joined by "or", if their formats are equally specific.
 */
export function ownerOfKey(catalog: Catalog, name: string, value: string): string | undefined {
  if (keyPattern(catalog, name)?.test(value) !== false) return undefined;
  const matching = keyPatterns(catalog).filter(
    // A pattern of only letters and digits matches any provider's key.
    ({ key, pattern }) => /^[a-z]+[-_]/.test(pattern) && keyPattern(catalog, key)?.test(value),
  );
  return matching.length === 0
    ? undefined
    : mostSpecific(matching)
        .map((one) => one.name)
        .join(' or ');
}

/** The provider that a key is for, for people; undefined if the catalogue has none. */
export function providerOfKey(catalog: Catalog, name: string): string | undefined {
  return Object.values(catalog.providers).find(({ key }) => key === keyBase(name))?.name;
}

/** The format of a key according to the catalogue. */
export function keyPattern(catalog: Catalog, name: string): RegExp | undefined {
  const provider = Object.values(catalog.providers).find(({ key }) => key === keyBase(name));
  return provider?.keyPattern === undefined ? undefined : new RegExp(`^(?:${provider.keyPattern})$`);
}
