import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import type { Catalog } from '../../../domain/schema/catalog-schema.ts';
import { UserError } from '../../../console/errors.ts';
import { parseEnvFile } from '../../../keys/env-file.ts';
import { planImport } from '../../../keys/import-plan.ts';

const FILE = 'sandbox/release-files/catalog.yaml';
const catalog = parseCatalog(readFileSync(FILE, 'utf8'), FILE).catalog as Catalog;
const GROQ = `gsk_${'a1B2'.repeat(13)}`;

function plan(text: string, present: Record<string, string> = {}) {
  const { variables, malformed } = parseEnvFile(text);
  return planImport(variables, malformed, catalog, present);
}

function refusal(text: string): UserError {
  try {
    plan(text);
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
    const found = plan(`LITELLM_MASTER_KEY=sk-1\njust text\nGROQ_API_KEY=\nGROQ_API_KEY_10=x\nPATH=/bin`);
    expect(found.set).toEqual([]);
    expect(found.ignored).toEqual([
      { line: 1, name: 'LITELLM_MASTER_KEY', reason: 'not a key of the catalogue' },
      { line: 2, reason: 'not understood; expected NAME=value' },
      { line: 3, name: 'GROQ_API_KEY', reason: 'empty' },
      {
        line: 4,
        name: 'GROQ_API_KEY_10',
        reason: 'not a key of the catalogue: GROQ_API_KEY has further keys up to GROQ_API_KEY_9',
      },
      { line: 5, name: 'PATH', reason: 'not a key of the catalogue' },
    ]);
  });

  test('does not set what the stack has already', () => {
    const found = plan(`GROQ_API_KEY=${GROQ}\nOPENAI_API_KEY=sk-${'x'.repeat(40)}`, { GROQ_API_KEY: GROQ });
    expect(found.unchanged).toEqual(['GROQ_API_KEY']);
    expect(found.set.map((variable) => variable.name)).toEqual(['OPENAI_API_KEY']);
  });

  test('reports a key whose format is not that of its provider', () => {
    expect(plan('GROQ_API_KEY=sk-of-somebody-else').unexpectedFormat).toEqual(['GROQ_API_KEY']);
  });

  test('refuses a value that is not allowed in a header, without repeating it', () => {
    const error = refusal('A=1\nGROQ_API_KEY="gsk secret"');
    expect(error.message).toBe(
      'the value of GROQ_API_KEY cannot be a key: it contains a space or a character that is not allowed in a header',
    );
    expect(error.where).toBe('line 2');
    expect(JSON.stringify(error)).not.toContain('gsk secret');
  });

  test('refuses two values for one name, without repeating either', () => {
    const error = refusal('GROQ_API_KEY=first-one\nGROQ_API_KEY=second-one');
    expect(error.message).toBe('GROQ_API_KEY is set twice, to different values');
    expect(error.where).toBe('lines 1 and 2');
    expect(JSON.stringify(error)).not.toMatch(/first-one|second-one/);
  });

  test.each([
    ['MISTRAL_KEY', 'not a key of the catalogue; did you mean MISTRAL_API_KEY?'],
    ['GORQ_API_KEY', 'not a key of the catalogue; did you mean GROQ_API_KEY?'],
    ['GEMINI_API_KEY', 'not a key of the catalogue'],
    ['LANG', 'not a key of the catalogue'],
  ])('the reason for %s is: %s', (name, reason) => {
    expect(plan(`${name}=x`).ignored).toEqual([{ line: 1, name, reason }]);
  });

  test.each([
    'your-key-here', '<your key>', 'sk-xxxx', 'CHANGE_ME', 'gsk_your_key_here', '...', '${GROQ_KEY}', 'todo',
  ])('does not set the placeholder %s', (value) => {
    const { set, ignored } = plan(`GROQ_API_KEY='${value}'`.replace("'<your key>'", '<your-key>'));
    expect(set).toEqual([]);
    expect(ignored[0]?.reason).toMatch(/^a placeholder/);
  }); // prettier-ignore

  test('refuses the key of another provider, which would be sent to this one', () => {
    const key = `gsk_${'a1B2'.repeat(13)}`;
    const error = refusal(`A=1\nTOGETHER_API_KEY=${key}`);
    expect(error.message).toBe('the value of TOGETHER_API_KEY looks like a key of Groq');
    expect(error.where).toBe('line 2');
    expect(JSON.stringify(error)).not.toContain(key);
  });

  test('never attributes a key of only letters and digits to another provider', () => {
    expect(plan(`PERPLEXITY_API_KEY=${'a1B2'.repeat(8)}`).unexpectedFormat).toEqual(['PERPLEXITY_API_KEY']);
  });

  test('accepts the same value twice', () => {
    expect(plan(`GROQ_API_KEY=${GROQ}\nGROQ_API_KEY=${GROQ}`).set).toHaveLength(1);
  });
});
