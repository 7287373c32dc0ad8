import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvFile } from '../../../keys/env-file.ts';
import { anyText } from '../../harness/any-text.ts';
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
    ['in quotes, with a quoted comment behind', 'GROQ_API_KEY="abc" # the "new"', 'abc'],
    ['in quotes, with spaces inside', 'GROQ_API_KEY=" abc "', 'abc'],
    ['in curly double quotes', 'GROQ_API_KEY=“abc”', 'abc'],
    ['in curly single quotes', 'GROQ_API_KEY=‘abc’', 'abc'],
    ['in a straight and a curly quote', 'GROQ_API_KEY="abc”', 'abc'],
    ['in backticks', 'GROQ_API_KEY=`abc`', 'abc'],
    ['with a comment behind', 'GROQ_API_KEY=abc # the new one', 'abc'],
    ['with a comment behind a no-break space', 'GROQ_API_KEY=abc\u00A0# the new one', 'abc'],
    ['with a hash in the value', 'GROQ_API_KEY=ab#c', 'ab#c'],
    ['with an equals sign in the value', 'GROQ_API_KEY=ab==', 'ab=='],
    ['without a value', 'GROQ_API_KEY=', ''],
    ['with nothing but a comment', 'GROQ_API_KEY=# none yet', ''],
    ['with a quote inside', "GROQ_API_KEY=a'b", "a'b"],
    ['that ends as on Windows', 'GROQ_API_KEY=abc\r\n', 'abc'],
    ['after a byte order mark', '\uFEFFGROQ_API_KEY=abc', 'abc'],
    ['with no-break spaces around', '\u00A0GROQ_API_KEY\u00A0=\u00A0abc\u00A0', 'abc'],
    ['with invisible characters in the name and around the value', 'GROQ_\u200BAPI\u00AD_KEY=\u2060abc\u200D', 'abc'],
    ['of PowerShell', '$env:GROQ_API_KEY = "abc"', 'abc'],
    ['of PowerShell, with braces and a semicolon', "${Env:GROQ_API_KEY}='abc';", 'abc'],
    ['of cmd', 'set GROQ_API_KEY=abc', 'abc'],
    ['of cmd, in quotes', 'SET "GROQ_API_KEY=abc"', 'abc'],
    ['of cmd, permanent', 'setx GROQ_API_KEY "abc"', 'abc'],
    ['of fish', 'set -x GROQ_API_KEY abc', 'abc'],
    ['of fish, with several options', "set -g --export GROQ_API_KEY 'abc'", 'abc'],
    ['of csh', 'setenv GROQ_API_KEY abc', 'abc'],
    ['as `export -p` prints it', 'declare -x GROQ_API_KEY="abc"', 'abc'],
    ['of YAML', '  GROQ_API_KEY: abc # mine', 'abc'],
    ['of JSON', '{\n  "GROQ_API_KEY": "abc",\n}', 'abc'],
  ])('%s', (_, text, value) => {
    expect(only(text)).toEqual(['GROQ_API_KEY', value]);
  }); // prettier-ignore

  test.each([
    ['without an equals sign', 'sk-secret', { column: 1 }],
    ['with an invalid name', '  sk-secret=1', { column: 3 }],
    ['with an unclosed quote', 'GROQ_API_KEY="abc', { column: 14, name: 'GROQ_API_KEY' }],
    ['with something after the quote', 'GROQ_API_KEY="abc"def', { column: 19, name: 'GROQ_API_KEY' }],
  ])('%s is reported by its place, without its text', (_, line, place) => {
    const { variables, malformed } = parseEnvFile(`# keys\n\n${line}\nA=1`);
    expect(variables).toMatchObject([{ name: 'A', value: '1', line: 4 }]);
    expect(malformed).toEqual([{ line: 3, ...place, reason: expect.any(String) }]);
    expect(JSON.stringify(malformed)).not.toMatch(/sk-secret|abc/);
  });

  test('that sets nothing is skipped', () => {
    const lines = ['#!/bin/sh', 'rem x', '@echo off', 'set -a', 'export A B', '---', '\u200B', ':: x'];
    expect(parseEnvFile(lines.join('\n'))).toEqual({ variables: [], malformed: [] });
  });

  test('of a PEM block is skipped', () => {
    const pem = 'A="-----BEGIN KEY-----\nabc=\nd e f\n-----END KEY-----"\nGROQ_API_KEY=abc';
    const { variables, malformed } = parseEnvFile(pem);
    expect(variables.map(({ name }) => name)).toEqual(['GROQ_API_KEY']);
    expect(malformed).toMatchObject([{ line: 1, name: 'A' }]);
  });

  test('has the columns of name and value, and of an invisible character in the value', () => {
    expect(parseEnvFile('\uFEFF export GROQ_API_KEY = "ab\u200Bc"').variables).toEqual([
      {
        ...{ name: 'GROQ_API_KEY', value: 'abc', line: 1, column: 10, valueColumn: 26 },
        invisible: { column: 28, character: '\u200B' },
      },
    ]);
  });

  test('any text is read without a crash, and malformed lines are not repeated', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        for (const { reason } of parseEnvFile(text).malformed)
          expect(reason).toMatch(/^(not understood|its quote|unexpected text)/);
      }),
    );
  });

  test('any key is read in any form', () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_.=+/-]{1,80}$/);
    const forms = fc.constantFrom<(key: string) => string>(
      (value) => `export X_API_KEY="${value}"\n`,
      (value) => `set "X_API_KEY=${value}"\r\n`,
      (value) => `$env:X_API_KEY = '${value}'`,
      (value) => `set -x X_API_KEY ${value}`,
      (value) => `X_API_KEY: ${value}  # x`,
      (value) => `\u200BX_API_KEY\u00A0=\u200B${value}\u00A0`,
    );
    fc.assert(
      fc.property(key, forms, (value, form) => expect(only(form(value))).toEqual(['X_API_KEY', value])),
    );
  });
});
