import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyFault, ownerOfKey } from '../../../domain/checks/key-values.ts';
import { findLeaks } from '../../../domain/diagnostics/key-leaks.ts';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { keyNamesOf } from '../../../domain/schema/provider-key-names.ts';
import { newCanaries } from '../../../drills/canaries.ts';
import { placeholderOf } from '../../../preview/placeholders.ts';
import { anyText } from '../../harness/any-text.ts';
import '../../seed.ts';

const FILE = 'sandbox/release-files/catalog.yaml';
const TEXT = readFileSync(FILE, 'utf8');
const catalog = parseCatalog(TEXT, FILE).catalog as Catalog;
const fault = (value: string, name = 'GROQ_API_KEY') => keyFault(catalog, name, value)?.message;

describe('the value of a key', () => {
  test.each([
    'your-key-here', 'YOUR_API_KEY', 'sk-...', 'sk-…', 'sk-xxxx', `sk-${'x'.repeat(40)}`, 'changeme', 'CHANGE_ME', 'changeme1', 'TODO',
    'gsk_your_key_here', 'insert your key here', 'sk-proj-your-key-goes-here-0123456789abcdef', '...', '***', 'none', 'paste-it-here',
  ])('is a placeholder: %s', (value) => {
    expect([fault(value), fault(value, 'OPENAI_API_KEY')]).toEqual(
      Array(2).fill(expect.stringMatching(/placeholder|to be filled in|dummy/)),
    );
  }); // prettier-ignore

  test.each([
    ['<my key>', '<your key>'], ['[key]', '<your key>'], ['${GROQ}', '${NAME}'], ['$GROQ', '${NAME}'], ['%GROQ%', '%NAME%'],
    ['{{ groq_key }}', '{{ name }}'], ['$(pass groq)', '$(command)'], ['`pass groq`', '$(command)'], ['$env:GROQ', '$env:NAME'],
  ])('was not filled in: %s', (value, like) => {
    expect(fault(value)).toMatch(new RegExp(`^looks like a .*, like ${like.replace(/[${}()]/g, '\\$&')}$`));
  }); // prettier-ignore

  test.each([
    ['op://Private/Groq/key', '1Password', 'op read'],
    ['vault:secret/data/groq#key', 'Vault', 'vault kv get'],
    ['aws-secretsmanager://groq', 'AWS Secrets Manager', 'aws secretsmanager get-secret-value'],
    ['arn:aws:secretsmanager:eu-west-1:1:secret:groq', 'AWS Secrets Manager', 'aws secretsmanager'],
    ['gcp-secretmanager://groq', 'Google Secret Manager', 'gcloud secrets'],
    ['@Microsoft.KeyVault(SecretUri=x)', 'Azure Key Vault', 'az keyvault'],
    ['ENC[AES256_GCM,data:x]', 'SOPS', 'sops decrypt'],
    ['doppler://groq', 'a secret store', undefined],
  ])('is a reference: %s', (value, store, reader) => {
    const found = keyFault(catalog, 'GROQ_API_KEY', value);
    expect(found?.message).toBe(`is a reference to ${store}, not a key`);
    if (reader === undefined) expect(found?.reader).toBeUndefined();
    else expect(found?.reader).toMatch(new RegExp(`^${reader}`));
  });

  test.each([
    ['', 'is empty'], [' ', 'is empty'], ['https://api.groq.com', 'is an address, not a key'],
    ['abc1234', 'is too short for a key (fewer than 8 characters)'],
    ['lm-studio', 'is a dummy for servers that need no key, not a key of this provider'],
    ['ollama', 'is a dummy for servers that need no key, not a key of this provider'],
    ['sk-no-key-required', 'is a dummy for servers that need no key, not a key of this provider'],
    ['gsk_a\u200Bbcdefgh', 'contains a zero-width space (U+200B), which no key has: a header cannot carry it'],
    ['gsk_abcd\u{1F511}', 'contains the character U+1F511, which no key has: a header cannot carry it'],
  ])('is refused: %j', (value, message) => {
    expect(fault(value)).toBe(message);
  }); // prettier-ignore

  test('may be a dummy where the keys of its provider have that form', () => {
    const local = structuredClone(catalog);
    local.providers.groq!.keyPattern = 'lm-studio';
    expect(keyFault(local, 'GROQ_API_KEY_2', 'lm-studio')).toBeUndefined();
  });

  test('is accepted if it is a random key, if a preview sets it, or if it has an unknown format', () => {
    for (let run = 0; run < 200; run += 1)
      for (const [name, value] of newCanaries().map((one) => [one.name, one.value] as const)) expect([name, fault(value, name)]).toEqual([name, undefined]);
    for (const name of Object.values(catalog.providers).flatMap(({ key }) => keyNamesOf(key)))
      expect([name, fault(placeholderOf(name), name)]).toEqual([name, undefined]);
    expect(fault('value-of-my-proxy-77')).toBeUndefined();
  }); // prettier-ignore

  test('is not a word of the message: Pulumi would replace that word', () => {
    const ordinary = ['short', 'key', 'fewer', 'than', 'char', 'long', 'least', 'dummy', 'servers', 'need', 'empty', 'placeholder', 'your-key-here', '<your key>', '${NAME}', 'YOUR_API_KEY', 'secret', 'anything', 'text', 'looks']; // prettier-ignore
    const repeated = ordinary.filter((value) => fault(value)?.includes(value));
    expect(repeated).toEqual([]);
    expect(fault('short')).toBe('is not long enough: 8 is the least');
  });

  test('is never repeated', () => {
    fc.assert(
      fc.property(anyText({ minLength: 4 }), (value) => {
        const found = keyFault(catalog, 'GROQ_API_KEY', `\u200B${value}`);
        expect(found?.message).not.toBe(undefined);
        expect(keyFault(catalog, 'GROQ_API_KEY', `secretive ${value}`)?.message).not.toContain('secretive');
      }),
    );
  });
});

describe('the owner of a key that is set for Groq', () => {
  test.each([
    [`sk-proj-${'k9'.repeat(20)}`, 'OpenAI'],
    [`sk-ant-api03-${'k9'.repeat(20)}`, 'Anthropic'],
    [`sk-or-v1-${'9f'.repeat(32)}`, 'OpenRouter'],
    [`sk-${'9f'.repeat(16)}`, 'OpenAI or DeepSeek'],
    [`gsk_${'a1B2'.repeat(13)}`, undefined],
    ['value-of-my-proxy-77', undefined],
  ])('%s', (value, owner) => {
    expect(ownerOfKey(catalog, 'GROQ_API_KEY', value)).toBe(owner);
  });
});

describe('64 hexadecimal digits in a comment', () => {
  const HASH = '0a1b'.repeat(16);
  const leaks = (line: string) =>
    findLeaks(
      line,
      'c.yaml',
      [{ name: 'Together', key: 'TOGETHER_API_KEY', pattern: '[a-f0-9]{64}' }],
      () => ({
        line: 1,
        column: 1,
      }),
    );

  test.each([`# reviewed: ${HASH}`, `models: {} # ${HASH}`, `// sum ${HASH}`])('are a digest: %s', (line) => {
    expect(leaks(line)).toEqual([]);
  });

  test.each([
    `# TOGETHER_API_KEY=${HASH}`,
    `# old key: ${HASH}`,
    `# together ${HASH}`,
    `# Authorization: Bearer ${HASH}`,
    `name: ${HASH}`,
    `name: a#b ${HASH}`,
    `# a comment\nname: ${HASH}`,
  ])('are a key where a key would be: %s', (line) => {
    expect(leaks(line)).toHaveLength(1);
  });
});
