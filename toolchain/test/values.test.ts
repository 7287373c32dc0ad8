import fc from 'fast-check';
import { UNKNOWN, type Value } from '../plugin/properties.ts';
import type { Field, ObjectShape, Shape } from '../providers/docker/shape.ts';
import { pack, toPulumi, toTerraform, unpack } from '../providers/docker/values.ts';
import '../../test/seed.ts';

const field = (tf: string, pulumi: string, shape: Shape, more: Partial<Field> = {}): Field => ({
  tf,
  pulumi,
  shape,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  block: false,
  ...more,
});
const text: Shape = { kind: 'string' };

/** A resource with one of everything. */
const shape: ObjectShape = {
  kind: 'object',
  fields: [
    field('name', 'name', text),
    field('memory', 'memory', { kind: 'number' }),
    field('must_run', 'mustRun', { kind: 'bool' }),
    field('env', 'envs', { kind: 'set', element: text, flat: false, block: false }),
    field('log_opts', 'logOpts', { kind: 'map', element: text }),
    field('upload', 'uploads', {
      kind: 'set',
      flat: false,
      block: true,
      element: {
        kind: 'object',
        fields: [field('file', 'file', text), field('source_hash', 'sourceHash', text)],
      },
    }),
    field('healthcheck', 'healthcheck', {
      kind: 'list',
      flat: true,
      block: true,
      element: {
        kind: 'object',
        fields: [field('test', 'tests', { kind: 'list', element: text, flat: false, block: false })],
      },
    }),
  ],
};

test('names change, single blocks get a list around them, and what is not set is null or empty', () => {
  expect(toTerraform({ mustRun: true, healthcheck: { tests: ['CMD'] } }, shape)).toEqual({
    name: null,
    memory: null,
    must_run: true,
    env: null,
    log_opts: null,
    upload: [],
    healthcheck: [{ test: ['CMD'] }],
  });
});

test('strings, numbers and booleans are converted if the meaning is clear', () => {
  expect(toTerraform({ name: 5, memory: '64', mustRun: 'true' }, shape)).toMatchObject({
    name: '5',
    memory: 64,
    must_run: true,
  });
});

test.each([
  [{ memory: 'much' }, 'memory: expected a number, found a string'],
  [{ envs: 'A=1' }, 'envs: expected a list, found a string'],
  [{ uploads: [{ file: ['x'] }] }, 'uploads[0].file: expected a string, found a list'],
  [{ logOpts: 'x' }, 'logOpts: expected an object, found a string'],
] as [Record<string, Value>, string][])(
  'a value of the wrong type is named, not shown: %j',
  (value, message) => {
    expect(() => toTerraform(value, shape)).toThrow(message);
  },
);

test('an unknown value stays unknown through msgpack, at any depth', () => {
  const given = { name: UNKNOWN, envs: ['A=1', UNKNOWN], uploads: UNKNOWN, healthcheck: { tests: UNKNOWN } };
  const back = unpack(pack(toTerraform(given, shape)));
  expect(toPulumi(back, shape)).toEqual(given);
});

test('a refined unknown value (extension 12) is unknown', () => {
  // fixmap{1} "name" ext8(len 3, type 12) {1: false}
  const wire = Buffer.from([0x81, 0xa4, ...Buffer.from('name'), 0xc7, 3, 12, 0x81, 1, 0xc2]);
  expect(unpack({ msgpack: wire })).toEqual({ name: UNKNOWN });
});

test('a missing state is null', () => {
  expect(unpack(null)).toBeNull();
  expect(unpack({ msgpack: new Uint8Array() })).toBeNull();
  expect(unpack(pack(null))).toBeNull();
});

test('any value from Pulumi is unchanged after a round trip', () => {
  const some = fc.string();
  const properties = fc.record(
    {
      name: some,
      memory: fc
        .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((n) => (n === 0 ? 0 : n)),
      mustRun: fc.boolean(),
      envs: fc.array(some),
      logOpts: fc.dictionary(
        some.filter((key) => key !== '__proto__'),
        some,
        { noNullPrototype: true },
      ),
      uploads: fc.array(
        fc.record({ file: some, sourceHash: some }, { requiredKeys: ['file'], noNullPrototype: true }),
        { minLength: 1 },
      ),
      healthcheck: fc.record({ tests: fc.array(some) }, { noNullPrototype: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(properties, (given) => {
      const back = toPulumi(unpack(pack(toTerraform(given, shape))), shape);
      expect(back).toEqual({ uploads: [], ...given });
    }),
  );
});
