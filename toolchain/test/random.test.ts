import fc from 'fast-check';
import { randomId } from '../providers/random/random-id.ts';
import { randomPassword } from '../providers/random/random-password.ts';
import '../../test/seed.ts';

const defaults = Object.fromEntries(
  Object.entries(randomPassword.inputs).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  ),
);
const password = (inputs: object) =>
  (randomPassword.create({ ...defaults, ...inputs }).outputs as { result: string }).result;

test('a password has the given length and minima, and no character of a disabled class', () => {
  fc.assert(
    fc.property(fc.integer({ min: 9, max: 60 }), (length) => {
      const drawn = password({ length, special: false, minLower: 2, minUpper: 3, minNumeric: 4 });
      expect(drawn).toHaveLength(length);
      expect(drawn).toMatch(/^[A-Za-z0-9]+$/);
      expect(drawn.match(/[a-z]/g)!.length).toBeGreaterThanOrEqual(2);
      expect(drawn.match(/[A-Z]/g)!.length).toBeGreaterThanOrEqual(3);
      expect(drawn.match(/[0-9]/g)!.length).toBeGreaterThanOrEqual(4);
    }),
  );
});

test('every character of every class is drawn, and none other', () => {
  const drawn = new Set(password({ length: 20_000, overrideSpecial: '_%' }));
  expect([...drawn].sort().join('')).toBe('%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
});

test('two passwords differ, and the result is secret', () => {
  expect(password({ length: 32 })).not.toBe(password({ length: 32 }));
  expect(randomPassword.outputs['result']).toBe('secret');
});

test('`number` is the old name of `numeric`', () => {
  expect(password({ length: 500, number: false, special: false })).toMatch(/^[A-Za-z]+$/);
});

test.each([
  [{ length: 0 }, 'length'],
  [{ length: 2.5 }, 'length'],
  [{ length: 3, minLower: 2, minUpper: 2 }, 'length'],
  [{ length: 8, lower: false, upper: false, numeric: false, special: false }, 'special'],
])('a password that cannot be is refused: %j', (inputs, property) => {
  expect(randomPassword.check({ ...defaults, ...inputs }).map(([name]) => name)).toEqual([property]);
});

test('an id has the same bytes in four encodings, with its prefix', () => {
  const { id, outputs } = randomId.create({ byteLength: 8, prefix: 'p-' });
  const bytes = Buffer.from(id, 'base64url');
  expect(bytes).toHaveLength(8);
  expect(outputs).toEqual({
    b64Std: `p-${bytes.toString('base64')}`,
    b64Url: `p-${bytes.toString('base64url')}`,
    dec: `p-${bytes.readBigUInt64BE()}`,
    hex: `p-${bytes.toString('hex')}`,
  });
});

test('an id of no bytes is refused', () => {
  expect(randomId.check({ byteLength: 0 })).toHaveLength(1);
  expect(randomId.check({ byteLength: 1 })).toEqual([]);
});
