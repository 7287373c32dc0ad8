import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvFile } from '../../../keys/env-file.ts';
import '../../seed.ts';

/** Name and value of the only variable in a text. */
function only(text: string): [string, string] {
  const { variables, malformed } = parseEnvFile(text);
  expect(malformed).toEqual([]);
  expect(variables).toHaveLength(1);
  return [variables[0]!.name, variables[0]!.value];
}

describe('a line of an env file', () => {
  test.each([
    ['plain', 'GROQ_API_KEY=abc', 'abc'],
    ['after export', 'export GROQ_API_KEY=abc', 'abc'],
    ['after export and many blanks', '  export \t GROQ_API_KEY = abc  ', 'abc'],
    ['in double quotes', 'GROQ_API_KEY="a b#c"', 'a b#c'],
    ['in single quotes', "GROQ_API_KEY='a\"b'", 'a"b'],
    ['in quotes, with a comment behind', 'GROQ_API_KEY="abc" # the "new" one', 'abc'],
    ['with a comment behind', 'GROQ_API_KEY=abc # the new one', 'abc'],
    ['with a hash in the value', 'GROQ_API_KEY=ab#c', 'ab#c'],
    ['with an equals sign in the value', 'GROQ_API_KEY=ab==', 'ab=='],
    ['without a value', 'GROQ_API_KEY=', ''],
    ['with nothing but a comment', 'GROQ_API_KEY=# none yet', ''],
    ['with a quote inside', "GROQ_API_KEY=a'b", "a'b"],
    ['that ends as Windows does', 'GROQ_API_KEY=abc\r\n', 'abc'],
    ['after a byte order mark', '\uFEFFGROQ_API_KEY=abc', 'abc'],
  ])('%s', (_, text, value) => {
    expect(only(text)).toEqual(['GROQ_API_KEY', value]);
  });

  test.each([
    ['without an equals sign', 'sk-secret'],
    ['whose name is none', 'sk-secret=1'],
    ['whose quote is not closed', 'GROQ_API_KEY="abc'],
    ['with something behind the quote', 'GROQ_API_KEY="abc"def'],
  ])('%s is reported by its line number only', (_, line) => {
    expect(parseEnvFile(`# keys\n\n${line}\nA=1`)).toEqual({
      variables: [{ name: 'A', value: '1', line: 4 }],
      malformed: [3],
    });
  });

  test('any text is read without a crash, and malformed lines are not repeated', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const line of parseEnvFile(text).malformed) expect(typeof line).toBe('number');
      }),
    );
  });

  test('any key is read as it was written', () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_.=+/-]{1,80}$/);
    fc.assert(
      fc.property(key, (value) =>
        expect(only(`export X_API_KEY="${value}"\n`)).toEqual(['X_API_KEY', value]),
      ),
    );
  });
});
