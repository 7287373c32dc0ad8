/** Every format: values change, comments and layout stay, mistakes are reported with their position. */
import { describe, expect, test } from '@jest/globals';
import { type FormatName, parseFile, rewriteFile } from '../../../client/file-format.ts';
import type { Json } from '../../../client/json-objects.ts';

const change = (text: string | undefined, format: FormatName, edit: (value: Json) => void): string => {
  const before = parseFile(text, format, 'f') as Json;
  const after = structuredClone(before);
  edit(after);
  return rewriteFile(text, { before, after, format, file: 'f' });
};

const TEXTS: [FormatName, string][] = [
  ['jsonc', '{\n  // mine\n  "theme": "dark", // why\n  "list": [\n    "a", // one\n    "b"\n  ]\n}\n'],
  ['json', '{\n  "theme": "dark",\n  "list": [\n    "a",\n    "b"\n  ]\n}\n'],
  ['toml', '# mine\ntheme = "dark" # why\nlist = [\n  "a", # one\n  "b",\n]\n\n[other] # theirs\nx = 1\n'],
  ['yaml', '# mine\ntheme: dark # why\nlist:\n  - a # one\n  - b\n'],
];

describe.each(TEXTS)('%s', (format, text) => {
  test('keeps its comments, and its text when the change is undone', () => {
    const changed = change(text, format, (value) => {
      value.env = { NAME: 'x', deep: { er: 1 } };
      (value.list as string[]).push('c');
    });
    expect(parseFile(changed, format, 'f')).toMatchObject({
      theme: 'dark',
      list: ['a', 'b', 'c'],
      env: { NAME: 'x', deep: { er: 1 } },
    });
    for (const comment of text.match(/(\/\/|#).*/g) ?? []) expect(changed).toContain(comment);
    const undone = change(changed, format, (value) => {
      delete value.env;
      (value.list as string[]).pop();
    });
    expect(undone).toBe(text);
  });

  test('without a change keeps its exact text', () => {
    expect(change(text, format, () => undefined)).toBe(text);
  });

  test.each([[undefined], [''], ['\n']])('is created from %j', (empty) => {
    const made = change(empty, format, (value) => Object.assign(value, { a: { b: 'c' }, list: ['x'] }));
    expect(parseFile(made, format, 'f')).toEqual({ a: { b: 'c' }, list: ['x'] });
  });
});

test.each<[FormatName, string]>([
  ['jsonc', '// only\n/* comments */\n'],
  ['toml', '# only\n# comments\n'],
  ['yaml', '# only\n# comments\n'],
])('a %s file of comments only is a file', (format, text) => {
  expect(parseFile(text, format, 'f')).toEqual({});
  const changed = change(text, format, (value) => (value.a = 'b'));
  expect(changed.startsWith(text)).toBe(true);
  expect(parseFile(changed, format, 'f')).toEqual({ a: 'b' });
});

test.each<[FormatName, string, string]>([
  ['json', '{"a": 1', 'f:1:8'],
  ['json', '{\n// no\n}', 'f:2:1'],
  ['jsonc', '{\n  "a": tru\n}', 'f:2:8'],
  ['toml', 'a = 1\nb = \n', 'f:2:1'],
  ['toml', 'a = 1\na = 2\n', 'f:2:1'],
  ['yaml', 'a: 1\nb: [\n', 'f:3:1'],
  ['yaml', 'a: 1\na: 2\n', 'f:2:1'],
  ['yaml', '- a\n', 'f'],
])('%s: %j is an error at %s', (format, text, where) => {
  expect(() => parseFile(text, format, 'f')).toThrow(expect.objectContaining({ where }));
});

test('a file with a key twice is not changed', () => {
  expect(() => change('{"a": {"x": 1}, "a": {"y": 2}}', 'json', (v) => (v.b = 1) && delete v.a)).toThrow(
    /twice/,
  );
});

test.each([
  'dark-mode: true  # mine\nmodel:   x\n\n\nlist: [a,b]   # both\nread:\n- one\n-   two\n',
  'dark-mode: true  # mine\r\nlist:  [a]\r\n',
  'deep:\n    er:   1\n    most: [ x,y ]\nother:  "a  b"   # c',
  'text: |\n   two  spaces\n\n   more\nlast:  1\n',
])('YAML lines that are not changed stay as they are: %j', (text) => {
  const set = change(text, 'yaml', (value) => Object.assign(value, { new: 'x', 'env-file': '/y' }));
  const added = /^(new: x|env-file: \/y)\r?$/;
  const lines = set.split('\n');
  expect(lines.filter((line) => added.test(line)).length).toBe(2);
  expect(
    lines
      .filter((line) => !added.test(line))
      .join('\n')
      .trimEnd(),
  ).toBe(text.trimEnd());
  const undone = change(set, 'yaml', (value) => {
    delete value.new;
    delete value['env-file'];
  });
  expect(undone.trimEnd()).toBe(text.trimEnd());
});

test('where old indentation does not fit, the value counts', () => {
  const changed = change('a:\n      b:   1\nc:  2\n', 'yaml', (value) => ((value.a as Json).d = 3));
  expect(parseFile(changed, 'yaml', 'f')).toEqual({ a: { b: 1, d: 3 }, c: 2 });
});
