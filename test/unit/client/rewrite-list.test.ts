/** Lists with comments: entries that stay keep their comments. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { rewrite } from '../../../client/rewrite.ts';
import '../../seed.ts';

const change = (text: string, list: string[]): string =>
  rewrite(text, parse(text) as Record<string, unknown>, { list });

describe('a list with comments', () => {
  const text =
    '{\n  "list": [\n    "a", // at home\n    /* work */ "b",\n    // dear\n    "c" // too dear\n  ]\n}\n';

  test.each([
    [
      ['a', 'b', 'c', 'd'],
      '"a", // at home\n    /* work */ "b",\n    // dear\n    "c", // too dear\n    "d"\n',
    ],
    [['b', 'c'], '/* work */ "b",\n    // dear\n    "c" // too dear\n'],
    [['a', 'c'], '"a", // at home\n    // dear\n    "c" // too dear\n'],
    [['a', 'd'], '"a", // at home\n    "d"\n'],
  ])('becomes %j', (list, body) => {
    expect(change(text, list)).toMatch(/^\{\n {2}"list": \[\n? +/);
    expect(change(text, list).replace(/^\{\n {2}"list": \[\n? +/, '')).toBe(`${body}  ]\n}\n`);
  });

  test.each([
    ['{"list": ["a", "b"]}', ['b', 'c'], '{"list": ["b", "c"]}'],
    ['{"list": ["a","b",]}', ['a', 'b', 'c'], '{"list": ["a","b","c",]}'],
    ['{"list": ["a" // why\n , "b"]}', ['a'], '{"list": ["a" // why\n ]}'],
  ])('%j, to %j', (before, list, after) => expect(change(before, list)).toBe(after));
});

test('has the expected value, whatever comments there are', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const names = fc.uniqueArray(name, { maxLength: 5 });
  const gap = fc.constantFrom('', ' ', '\n', ' // x\n', '/* y */', '\n  /* z\n */ ', ' // "a", ]\n\n');
  fc.assert(
    fc.property(
      names,
      names,
      fc.array(gap, { minLength: 12, maxLength: 12 }),
      fc.boolean(),
      (before, next, gaps, trailing) => {
        const body = before.map((one, i) => `${gaps[2 * i]}"${one}"${gaps[2 * i + 1]}`).join(',');
        const text = `{"list": [${body}${trailing && before.length > 0 ? ',' : ''}${gaps[11]}]}`;
        expect(parse(change(text, next))).toEqual({ list: next });
      },
    ),
    { numRuns: 500 },
  );
});
