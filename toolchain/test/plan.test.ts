import { UNKNOWN } from '../plugin/properties.ts';
import { diffPlan } from '../providers/docker/diff.ts';
import { ignoreChanges, pathSteps } from '../providers/docker/ignore.ts';
import { proposedState } from '../providers/docker/propose.ts';
import { withTimeout } from '../providers/docker/state.ts';
import { findUnknownProperties } from '../providers/docker/unknown-properties.ts';
import { isEqual } from '../providers/docker/is-equal.ts';
import { resourceShape, type ResourceShape } from '../providers/docker/shape.ts';
import type { WireAttribute, WireSchema } from '../providers/docker/tfplugin.ts';

const attribute = (name: string, type: unknown, more: Partial<WireAttribute> = {}): WireAttribute => ({
  name,
  type: Buffer.from(JSON.stringify(type)),
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  ...more,
});

const schema: WireSchema = {
  version: 2,
  block: {
    attributes: [
      attribute('name', 'string', { required: true }),
      attribute('bridge', 'string', { optional: false, computed: true }),
      attribute('hostname', 'string', { computed: true }),
      attribute('env', ['set', 'string']),
      attribute('command', ['list', 'string']),
    ],
    block_types: [
      {
        type_name: 'port',
        nesting: 3,
        max_items: 0,
        block: {
          attributes: [attribute('internal', 'number'), attribute('ip', 'string', { computed: true })],
          block_types: [],
        },
      },
      {
        type_name: 'healthcheck',
        nesting: 2,
        max_items: 1,
        block: { attributes: [attribute('timeout', 'string')], block_types: [] },
      },
    ],
  },
};
const shape: ResourceShape = resourceShape('docker_container', schema);

const empty = {
  name: null,
  bridge: null,
  hostname: null,
  env: null,
  command: null,
  port: [],
  healthcheck: [],
};

test('the schema is read into Pulumi names, single blocks flat', () => {
  expect(shape.fields.map(({ pulumi }) => pulumi)).toEqual([
    'name',
    'bridge',
    'hostname',
    'envs',
    'command',
    'ports',
    'healthcheck',
  ]);
});

describe('the proposed state', () => {
  test('of a new resource is its configuration', () => {
    expect(proposedState(null, { ...empty, name: 'a' }, shape)).toEqual({ ...empty, name: 'a' });
  });

  test('keeps what the provider computed, within sets too, and nothing that was only set', () => {
    const prior = {
      ...empty,
      name: 'a',
      bridge: 'b0',
      hostname: 'h',
      env: ['A'],
      port: [{ internal: 80, ip: '0.0.0.0' }],
    };
    const config = {
      ...empty,
      name: 'b',
      port: [
        { internal: 81, ip: null },
        { internal: 80, ip: null },
      ],
    };
    expect(proposedState(prior, config, shape)).toEqual({
      ...empty,
      name: 'b',
      bridge: 'b0',
      hostname: 'h',
      port: [
        { internal: 81, ip: null },
        { internal: 80, ip: '0.0.0.0' },
      ],
    });
  });

  test('keeps unknown values unknown', () => {
    expect(proposedState(null, { ...empty, port: UNKNOWN }, shape)).toMatchObject({ port: UNKNOWN });
  });
});

describe('the difference', () => {
  const diff = (before: object, after: object, config: object = after) =>
    diffPlan({ ...empty, ...before }, { ...empty, ...after }, { ...empty, ...config }, shape);

  test('is empty if only the order of a set differs', () => {
    expect(diff({ env: ['A', 'B'] }, { env: ['B', 'A'] })).toEqual({ changed: false, changes: [] });
  });

  test('of a list is by index, of a set by element, of a single block by name', () => {
    expect(
      diff(
        { command: ['a', 'b'], env: ['A', 'B'], healthcheck: [{ timeout: '1s' }] },
        { command: ['b', 'b'], env: ['B', 'C'], healthcheck: [{ timeout: '2s' }] },
      ).changes,
    ).toEqual([
      { path: 'envs[0]', kind: 'delete' },
      { path: 'envs[1]', kind: 'add' },
      { path: 'command[0]', kind: 'update' },
      { path: 'healthcheck.timeout', kind: 'update' },
    ]);
  });

  test('omits values that the provider only recomputes', () => {
    expect(diff({ bridge: 'b0' }, { bridge: UNKNOWN }, {})).toEqual({ changed: false, changes: [] });
  });

  test('includes unknown values that the program sets', () => {
    const { changes } = diff({ hostname: 'h' }, { hostname: UNKNOWN });
    expect(changes).toEqual([{ path: 'hostname', kind: 'update' }]);
  });

  test('does not show a change from "" to null beside a real change', () => {
    const { changes } = diff({ hostname: '', name: 'a' }, { hostname: null, name: 'b' });
    expect(changes).toEqual([{ path: 'name', kind: 'update' }]);
  });
});

test('an unknown value equals nothing, not even itself', () => {
  expect(isEqual(UNKNOWN, UNKNOWN, { kind: 'string' })).toBe(false);
});

describe('ignoreChanges', () => {
  test.each([
    ['labels', ['labels']],
    ['healthcheck.timeout', ['healthcheck', 'timeout']],
    ['envs[0]', ['envs', '0']],
    ['ports[*].external', ['ports', '*', 'external']],
    ['logOpts["max-size"].a', ['logOpts', 'max-size', 'a']],
  ])('reads the path %s', (path, steps) => expect(pathSteps(path)).toEqual(steps));

  test('inserts the old value, at every depth, and keeps the rest, unknown values included', () => {
    const requested = { a: 1, b: { c: 2, d: 3 }, ports: [{ external: 1 }, { external: 2 }], image: UNKNOWN };
    const has = { a: 9, b: { c: 8 }, ports: [{ external: 7 }] };
    expect(ignoreChanges(requested, has, ['b.c', 'b.d', 'ports[*].external'])).toEqual({
      a: 1,
      b: { c: 8 },
      ports: [{ external: 7 }, { external: 2 }],
      image: UNKNOWN,
    });
    expect(requested.b.c).toBe(2);
  });
});

test('an unknown property is reported with the known ones, at every depth', () => {
  const inputs = {
    __defaults: [],
    nam: 'x',
    ports: [{ internal: 80, external: 80 }],
    healthcheck: { timeout: UNKNOWN },
  };
  expect(findUnknownProperties(inputs, shape)).toEqual([
    { path: 'nam', known: ['bridge', 'command', 'envs', 'healthcheck', 'hostname', 'name', 'ports'] },
    { path: 'ports[0].external', known: ['internal', 'ip'] },
  ]);
});

test("Pulumi's customTimeouts are passed to the provider in its private data, beside the existing data", () => {
  const key = 'e2bfb730-ecaa-11e6-8f88-34363bc7c4c0';
  const data = Buffer.from(JSON.stringify({ schema_version: '2', [key]: { create: 1, delete: 2 } }));
  expect(withTimeout(data, 'create', 0)).toBe(data);
  expect(JSON.parse(Buffer.from(withTimeout(data, 'create', 90)).toString())).toEqual({
    schema_version: '2',
    [key]: { create: 90e9, delete: 2 },
  });
});
