/** The three-way merge: what was written last, what is there now, what is wanted. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../client/json-objects.ts';
import { withOurs, withoutOurs } from '../../../client/managed-values.ts';
import '../../seed.ts';

const put = (users: Json, ours: Json, options = {}) => withOurs(users, ours, users, options);

describe('ours', () => {
  test('are merged into objects, united with lists, and replace other values', () => {
    const users = { theme: 'dark', env: { A: '1', URL: 'mine' }, list: ['x'] };
    const { content, replaced } = put(users, {
      env: { URL: 'ours', KEY: 'k' },
      list: ['x', 'y'],
      model: 'm',
    });
    expect(content).toEqual({
      theme: 'dark',
      env: { A: '1', URL: 'ours', KEY: 'k' },
      list: ['x', 'y'],
      model: 'm',
    });
    expect(replaced).toEqual([['env', 'URL']]);
  });

  test('leave a value of the user where they yield, and replace a whole object where they must', () => {
    const users = { model: 'mine', key: { type: 'oauth', refresh: 'r' } };
    const options = { yields: [['model']], whole: [['key']] };
    const { content, kept } = put(users, { model: 'ours', key: { type: 'api' } }, options);
    expect([content, kept]).toEqual([{ model: 'mine', key: { type: 'api' } }, [['model']]]);
  });

  test('are not in the record, which may be read by others than the file', () => {
    const { managed } = put({}, { env: { KEY: 'value-secret' } });
    expect(JSON.stringify(managed)).not.toContain('value-secret');
  });
});

describe('taken out', () => {
  test('a value that the user changed is theirs, one that we replaced comes back', () => {
    const { content, managed } = put({ a: 'theirs' }, { a: 'ours', b: 'ours', c: { d: 1 } });
    expect(withoutOurs({ ...(content as Json), b: 'edited' }, managed)).toEqual({ a: 'theirs', b: 'edited' });
  });

  test('a value of the user that is equal to ours stays', () => {
    const { content, managed } = put({ a: 'same', list: ['x'] }, { a: 'same', list: ['x', 'y'] });
    expect(withoutOurs(content, managed)).toEqual({ a: 'same', list: ['x'] });
  });

  test("an object or list of the user's stays, even if it is empty; one of ours with an edit stays too", () => {
    const { content, managed } = put(
      { env: {}, list: [] },
      { env: { A: '1' }, list: ['x'], other: { B: '2' } },
    );
    (content as { other: Json }).other.C = 'mine';
    expect(withoutOurs(content, managed)).toEqual({ env: {}, list: [], other: { C: 'mine' } });
  });
});

test('whatever the user has, taking ours out restores it, and putting ours in again changes nothing', () => {
  const name = fc.constantFrom('a', 'b', 'c', '__proto__');
  const leaf = fc.oneof(fc.constantFrom('1', '2'), fc.integer({ max: 2, min: 0 }), fc.constant(null));
  const list = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });
  const inner = fc.dictionary(name, fc.oneof(leaf, list), { maxKeys: 3 });
  const tree = fc.dictionary(name, fc.oneof(leaf, list, inner), { maxKeys: 3 });
  const options = fc.record({
    yields: fc.constantFrom([], [['a']], [['b', 'a']]),
    whole: fc.constantFrom([], [['a']], [['b', 'a']]),
  });
  fc.assert(
    fc.property(tree, tree, tree, options, (users, dev, prod, how) => {
      const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
      const first = withOurs(plain(users), plain(dev), plain(users), how);
      expect(withoutOurs(first.content, first.managed)).toEqual(plain(users));
      // A switch: the other stack's values, without any of the first one's.
      const between = withoutOurs(first.content, first.managed);
      const second = withOurs(between, plain(prod), first.content, how);
      const direct = withOurs(plain(users), plain(prod), plain(users), how);
      expect(withoutOurs(second.content, second.managed)).toEqual(plain(users));
      expect(sorted(second.content)).toEqual(sorted(direct.content));
    }),
    { numRuns: 500 },
  );
});

/** Lists in any order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.toSorted();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)]));
}
