import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { UserError } from '../../../console/errors.ts';
import { chooseKeys } from '../../../keys/choose-keys.ts';
import { parseEnvFile } from '../../../keys/env-file.ts';
import { planImport } from '../../../keys/import-plan.ts';

const FILE = 'sandbox/release-files/catalog.yaml';
const catalog = parseCatalog(readFileSync(FILE, 'utf8'), FILE).catalog as Catalog;
const GROQ = `gsk_${'a1B2'.repeat(13)}`;

function plan(text: string, present: Record<string, string> = {}) {
  const { variables, malformed } = parseEnvFile(text);
  return planImport(chooseKeys(variables, malformed, { catalog, file: '.env', stack: 'dev' }), present);
}

function refusal(text: string, present: Record<string, string> = {}): UserError {
  try {
    plan(text, present);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('an import', () => {
  test('sets known names, also of additional keys of a provider', () => {
    const { set, ignored, unexpectedFormat } = plan(
      `GROQ_API_KEY=${GROQ}\nGROQ_API_KEY_2=${GROQ}\nGROQ_API_KEY_9=${GROQ}`,
    );
    expect(set.map((variable) => variable.name)).toEqual([
      'GROQ_API_KEY',
      'GROQ_API_KEY_2',
      'GROQ_API_KEY_9',
    ]);
    expect({ ignored, unexpectedFormat }).toEqual({ ignored: [], unexpectedFormat: [] });
  });

  test('names what it ignores, in the order of the file, and why', () => {
    const found = plan(
      `LITELLM_MASTER_KEY=sk-1\nGROQ_API_KEY=${GROQ}\nGROQ_API_KEY_10=x\nPATH=/bin\n${'aB3'.repeat(9)}==`,
    );
    expect(found.set.map((variable) => variable.name)).toEqual(['GROQ_API_KEY']);
    expect(found.ignored).toEqual([
      { line: 1, name: 'LITELLM_MASTER_KEY', reason: 'not a key of the catalogue' },
      {
        line: 3,
        name: 'GROQ_API_KEY_10',
        reason: 'not a key of the catalogue: GROQ_API_KEY has further keys up to GROQ_API_KEY_9',
      },
      { line: 4, name: 'PATH', reason: 'not a key of the catalogue' },
      { line: 5, name: '(hidden: it looks like a key)', reason: 'not a key of the catalogue' },
    ]);
  });

  test('lists everything that it refuses, each with its place and what to do', () => {
    const text = `GROQ_API_KEY=${GROQ}\nMISTRAL_API_KEY="your-key-here"\njust text\nOPENAI_API_KEY=op://Private/OpenAI/key\n`;
    const error = refusal(`${text}ANTHROPIC_KEY=x\nOPENROUTER_API_KEY=\nGROQ_API_KEY_2="gsk secret"`);
    expect(error.message).toBe(`6 lines are refused; nothing was set
.env:2:18 MISTRAL_API_KEY: the value looks like text to be filled in
    write the key itself there, or remove the line
.env:3:1 not understood; expected NAME=value
.env:4:16 OPENAI_API_KEY: the value is a reference to 1Password, not a key
    printf 'OPENAI_API_KEY=%s' "$(op read 'op://…')" | ./switchyard keys import - dev
.env:5:1 ANTHROPIC_KEY: not a key of the catalogue; did you mean ANTHROPIC_API_KEY?
    rename it to ANTHROPIC_API_KEY
.env:6:20 OPENROUTER_API_KEY: the value is empty
    write the key itself there, or remove the line
.env:7:20 GROQ_API_KEY_2: the value contains a space (U+0020), which no key has: a header cannot carry it
    write the key itself there, or remove the line`);
    expect(JSON.stringify(error)).not.toMatch(/gsk|Private/);
  });

  test('refuses a file without any key of the catalogue', () => {
    const error = refusal('GEMINI_API_KEY=x\nPATH=/bin');
    expect(error.message).toBe('there is no key of the catalogue in this file; nothing was set');
    expect(error.found).toMatch(/line 1: GEMINI_API_KEY: not a key of the catalogue\n +line 2: PATH/);
    expect(refusal('# nothing').found).toBe('no assignment');
  });

  test('does not set what the stack has already', () => {
    const found = plan(`GROQ_API_KEY=${GROQ}\nOPENAI_API_KEY=sk-${'k9'.repeat(20)}`, { GROQ_API_KEY: GROQ });
    expect(found.unchanged).toEqual(['GROQ_API_KEY']);
    expect(found.set.map((variable) => variable.name)).toEqual(['OPENAI_API_KEY']);
  });

  test('reports a key whose format is not that of its provider', () => {
    expect(plan('GROQ_API_KEY=sk-of-somebody-else').unexpectedFormat).toEqual(['GROQ_API_KEY']);
  });

  test('refuses two values for one name, without repeating either', () => {
    const error = refusal('GROQ_API_KEY=first-one\nGROQ_API_KEY=second-one');
    expect(error.message).toContain(
      '.env:2:1 GROQ_API_KEY: set twice, to different values: first in line 1\n    keep one; a second key of the same provider is GROQ_API_KEY_2',
    );
    expect(JSON.stringify(error)).not.toMatch(/first-one|second-one/);
  });

  test('reads a value in the format of its provider without an invisible character inside', () => {
    const found = plan(`GROQ_API_KEY=${GROQ.slice(0, 9)}\u200B${GROQ.slice(9)}`);
    expect(found.set).toMatchObject([{ name: 'GROQ_API_KEY', value: GROQ }]);
    expect(found.notes).toEqual(['GROQ_API_KEY is read without a zero-width space (U+200B) in its value']);
  });

  test.each([
    ['\u200B', '17', 'a zero-width space (U+200B)'],
    ['\u00AD', '17', 'a soft hyphen (U+00AD)'],
    ['\u00A0', '17', 'a no-break space (U+00A0), which no key has: a header cannot carry it'],
  ])('refuses another value with an invisible character inside: %j', (character, column, name) => {
    expect(refusal(`GROQ_API_KEY=old${character}key-77`).message).toContain(
      `.env:1:${column} GROQ_API_KEY: the value contains ${name}\n`,
    );
  });

  test.each([
    ['MISTRAL_KEY', 'MISTRAL_API_KEY'],
    ['mistral_api_key', 'MISTRAL_API_KEY'],
    ['GROQ_KEY', 'GROQ_API_KEY'],
    ['CLAUDE_API_KEY', 'ANTHROPIC_API_KEY'],
    ['ANTHROPIC_KEY', 'ANTHROPIC_API_KEY'],
    ['TOGETHERAI_API_KEY', 'TOGETHER_API_KEY'],
    ['TOGETHER_AI_API_KEY', 'TOGETHER_API_KEY'],
    ['HUGGINGFACEHUB_API_TOKEN', 'HUGGINGFACE_API_KEY'],
    ['OPENAI_KEY', 'OPENAI_API_KEY'],
    ['OPENAI_KEY_2', 'OPENAI_API_KEY_2'],
  ])('refuses %s, which certainly means %s', (name, meant) => {
    expect(refusal(`GROQ_API_KEY_3=${GROQ}\n${name}=x`).message).toContain(
      `.env:2:1 ${name}: not a key of the catalogue; did you mean ${meant}?\n    rename it to ${meant}`,
    );
  });

  test('ignores another spelling of a key that is in the file too', () => {
    const found = plan(
      `GROQ_KEY=other\nGROQ_API_KEY=${GROQ}\nHF_TOKEN=x\nHUGGINGFACE_API_KEY=hf_${'a1'.repeat(17)}`,
    );
    expect(found.set.map(({ name }) => name)).toEqual(['GROQ_API_KEY', 'HUGGINGFACE_API_KEY']);
    expect(found.ignored.map(({ name }) => name)).toEqual(['GROQ_KEY', 'HF_TOKEN']);
  });

  test.each(['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'])(
    "accepts Hugging Face's own name %s, with a note",
    (name) => {
      const found = plan(`${name}=hf_${'a1'.repeat(17)}`);
      expect(found.set.map((variable) => variable.name)).toEqual(['HUGGINGFACE_API_KEY']);
      expect(found.notes).toEqual([`${name} is read as HUGGINGFACE_API_KEY`]);
    },
  );

  test.each([
    ['GORQ_API_KEY', 'not a key of the catalogue; did you mean GROQ_API_KEY?'],
    ['GEMINI_API_KEY', 'not a key of the catalogue'],
    ['LANG', 'not a key of the catalogue'],
  ])('ignores %s: %s', (name, reason) => {
    expect(plan(`GROQ_API_KEY=${GROQ}\n${name}=x`).ignored).toEqual([{ line: 2, name, reason }]);
  });

  test.each(['your-key-here', '${GROQ_KEY}', 'op://Private/Groq/credential', '', 'lm-studio'])(
    'never replaces a key that is set by "%s"',
    (value) => {
      const error = refusal(`GROQ_API_KEY='${value}'\nOPENAI_API_KEY=sk-${'k9'.repeat(20)}`, {
        GROQ_API_KEY: GROQ,
      });
      expect(error.message).toContain('nothing was set\n.env:1:15 GROQ_API_KEY: the value ');
    },
  );

  test('refuses the key of another provider, which would be sent to this one', () => {
    const key = `gsk_${'a1B2'.repeat(13)}`;
    const error = refusal(`A=1\nTOGETHER_API_KEY=${key}`);
    expect(error.message).toContain('.env:2:18 TOGETHER_API_KEY: the value looks like a key of Groq\n');
    expect(JSON.stringify(error)).not.toContain(key);
  });

  test('never attributes a key of only letters and digits to another provider', () => {
    expect(plan(`PERPLEXITY_API_KEY=${'a1B2'.repeat(8)}`).unexpectedFormat).toEqual(['PERPLEXITY_API_KEY']);
  });

  test('accepts the same value twice', () => {
    expect(plan(`GROQ_API_KEY=${GROQ}\nGROQ_API_KEY=${GROQ}`).set).toHaveLength(1);
  });
});
