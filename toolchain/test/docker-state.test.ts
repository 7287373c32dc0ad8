/**
 * What the docker plugin does with a state that another plugin, or a newer one, wrote: for every type that the real
 * provider serves. The provider plans; what it would do to Docker is answered for it.
 */
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProperties, Unknown, writeProperties, type Value } from '../plugin/properties.ts';
import { ensureToolchain } from '../build.ts';
import { home } from '../../console/home-paths.ts';
import { Lifecycle } from '../providers/docker/lifecycle.ts';
import { Registry } from '../providers/docker/registry.ts';
import { diffConfig } from '../providers/docker/docker-service.ts';
import type { Field, ObjectShape, ResourceShape, Shape } from '../providers/docker/shape.ts';
import { TerraformProvider } from '../providers/docker/terraform.ts';
import type { Methods } from '../providers/docker/tfplugin.ts';
import { toPulumi } from '../providers/docker/values.ts';
import { BUILD_MS } from './project.ts';
import { FOREIGN, sample, withForeign } from './samples.ts';

type Values = Record<string, Value>;

/** The real provider, except that it does nothing: apply returns the planned state, and read returns the state unchanged. */
class Planner extends TerraformProvider {
  override async call<M extends keyof Methods>(method: M, request: Methods[M][0]): Promise<Methods[M][1]> {
    if (method === 'ApplyResourceChange') {
      const { planned_state, planned_private } = request as Methods['ApplyResourceChange'][0];
      return { new_state: planned_state, private: planned_private, diagnostics: [] } as never;
    }
    if (method === 'ReadResource') {
      const { current_state, private: kept } = request as Methods['ReadResource'][0];
      return { new_state: current_state, private: kept, diagnostics: [] } as never;
    }
    return super.call(method, request);
  }
}

let provider: Planner;
let registry: Registry;
let lifecycle: Lifecycle;
let tokens: string[];
let scratch: string;

beforeAll(async () => {
  // The provider reads the files of a docker_compose when it plans.
  scratch = mkdtempSync(join(tmpdir(), 'switchyard-docker-state-'));
  writeFileSync(join(scratch, 'compose.yaml'), 'services: {}\n');
  await ensureToolchain({ home: home() });
  provider = new Planner();
  registry = new Registry(provider);
  lifecycle = new Lifecycle(registry);
  const { resource_schemas: schemas } = await provider.call('GetProviderSchema', {});
  tokens = Object.keys(schemas).sort().map(tokenOf);
}, BUILD_MS);
afterAll(async () => {
  await provider?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** The Pulumi token of a Terraform type. */
function tokenOf(type: string): string {
  const names: Record<string, string> = { docker_image: 'RemoteImage', docker_config: 'ServiceConfig' };
  const name =
    names[type] ??
    type.replace(/^docker_/, '_').replace(/_([a-z])/g, (_: string, letter: string) => letter.toUpperCase());
  return `docker:index/x:${name}`;
}

/** The inputs of a program, in which every block is set with all that is needed in it. */
function programOf(shape: ObjectShape, top = true): Values {
  const fields = shape.fields.filter(
    (field) => field.tf !== 'id' && field.tf !== 'timeouts' && (field.required || (top && field.block)),
  );
  return Object.fromEntries(fields.map((field) => [field.pulumi, inputOf(field)]));
}

function inputOf({ shape, pulumi }: Field): Value {
  if (pulumi === 'configPaths') return [join(scratch, 'compose.yaml')];
  const inner = (of: Shape): Value => (of.kind === 'object' ? programOf(of, false) : sample(of, pulumi));
  if (shape.kind === 'list' || shape.kind === 'set') {
    return shape.flat ? inner(shape.element) : [inner(shape.element)];
  }
  return inner(shape);
}

/** What the state holds once the provider has filled in what it plans to. */
async function outputsOf(token: string, inputs: Values): Promise<Values> {
  const type = await registry.type(token);
  const plan = await type.plan(undefined, inputs);
  return known(toPulumi(plan.planned.value, type.shape), type.shape) as Values;
}

/** Replaces values that are unknown before the creation. */
function known(value: Value, shape: Shape): Value {
  if (value instanceof Unknown) return sample(shape, 'made');
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return 'element' in shape ? value.map((element) => known(element, shape.element)) : value;
  }
  if (shape.kind === 'object') {
    return Object.fromEntries(
      shape.fields.flatMap(({ pulumi, shape: of }) =>
        value[pulumi] === undefined ? [] : [[pulumi, known(value[pulumi], of)]],
      ),
    );
  }
  return 'element' in shape && shape.kind !== 'map' ? known(value, shape.element) : value;
}

const struct = (values: Values, secrets: string[][] = []) => writeProperties(values, secrets);

async function diff(token: string, olds: Values, news: Values, oldInputs = news) {
  const request = new providerProto.DiffRequest()
    .setType(token)
    .setId(olds['id'] as string)
    .setOlds(struct(olds))
    .setOldInputs(struct(oldInputs))
    .setNews(struct(news));
  const answer = await lifecycle.diff(request);
  return { changes: answer.getChanges(), diffs: answer.getDiffsList() };
}

const NONE = { changes: providerProto.DiffResponse.DiffChanges.DIFF_NONE, diffs: [] };

/** Runs a check for every type, and reports failures by type. */
async function forEveryType(check: (token: string, shape: ResourceShape) => Promise<void>): Promise<void> {
  const wrong: Record<string, string> = {};
  for (const token of tokens) {
    const { shape } = await registry.type(token);
    await check(token, shape).catch((error: unknown) => {
      wrong[shape.type] = error instanceof Error ? error.message : String(error);
    });
  }
  expect(tokens.length).toBeGreaterThan(10);
  expect(wrong).toEqual({});
}

const BOOKKEEPING = ['__meta', '__pulumi_raw_state_delta'];

/** Everything a plugin of the future might add, with the bookkeeping of the official one. */
function foreign(outputs: Values, shape: ResourceShape): Values {
  const meta = JSON.stringify({ schema_version: String(shape.version + 1), other: 'kept' });
  return {
    ...(withForeign(outputs, shape) as Values),
    __meta: meta,
    __pulumi_raw_state_delta: { obj: { ps: { name: { replace: { raw: 'x' } } } } },
  };
}

test('outputs that only another plugin knows are no change, at any depth, with a newer schema too', async () => {
  await forEveryType(async (token, shape) => {
    const program = programOf(shape);
    const outputs = await outputsOf(token, program);
    expect(await diff(token, outputs, program)).toEqual(NONE);
    expect(await diff(token, foreign(outputs, shape), program)).toEqual(NONE);
    const filledIn = withForeign({ ...program, __defaults: ['futureText'] }, shape) as Values;
    expect(await diff(token, foreign(outputs, shape), program, filledIn)).toEqual(NONE);
  });
});

test.each(['read', 'update'] as const)(
  '%s keeps them, at any depth, and secret what was secret',
  async (method) => {
    await forEveryType(async (token, shape) => {
      const program = programOf(shape);
      const outputs = await outputsOf(token, program);
      const olds = foreign(outputs, shape);
      const secret = [['futureObject', 'token'], ['futureText']];
      const answer =
        method === 'read'
          ? await lifecycle.read(
              new providerProto.ReadRequest()
                .setType(token)
                .setId(outputs['id'] as string)
                .setProperties(struct(olds, secret))
                .setInputs(struct(program)),
            )
          : await lifecycle.update(
              new providerProto.UpdateRequest()
                .setType(token)
                .setId(outputs['id'] as string)
                .setOlds(struct(olds, secret))
                .setNews(struct(program)),
            );
      const { values, secrets } = readProperties(answer.getProperties());
      const meta = olds['__meta'];
      const rest = Object.fromEntries(Object.entries(olds).filter(([name]) => !BOOKKEEPING.includes(name)));
      // Null means the same as absent, except for values that the provider computes only now.
      expect(values).toMatchObject(rest);
      expect(JSON.parse(values['__meta'] as string)).toMatchObject({ other: 'kept' });
      if (method === 'read') expect(values['__meta']).toBe(meta);
      // It describes how to read outputs that do not exist any more; the official plugin fails if it does not match.
      expect(values).not.toHaveProperty('__pulumi_raw_state_delta');
      expect(secrets).toEqual(expect.arrayContaining(secret));
    });
  },
);

test('an update that is only planned shows them too', async () => {
  const token = 'docker:index/volume:Volume';
  const outputs = { ...(await outputsOf(token, { name: 'v' })), ...FOREIGN };
  const request = new providerProto.UpdateRequest()
    .setType(token)
    .setId('v')
    .setPreview(true)
    .setOlds(struct(outputs, [['futureText']]))
    .setNews(struct({ name: 'v' }));
  const { values, secrets } = readProperties((await lifecycle.update(request)).getProperties());
  expect(values).toMatchObject(FOREIGN);
  expect(secrets).toEqual([['futureText']]);
});

test('a changed element of a set does not get what belonged to another', async () => {
  const token = 'docker:index/volume:Volume';
  const program = { name: 'v', labels: [{ label: 'a', value: '1' }] };
  const old = [
    { label: 'b', value: '1', future: 'of b' },
    { label: 'a', value: '1', future: 'of a' },
  ];
  const request = new providerProto.UpdateRequest()
    .setType(token)
    .setId('v')
    .setOlds(struct({ ...(await outputsOf(token, program)), labels: old }, [['labels']]))
    .setNews(struct(program));
  const { values, secrets } = readProperties((await lifecycle.update(request)).getProperties());
  expect(values['labels']).toEqual([{ label: 'a', value: '1', future: 'of a' }]);
  expect(secrets).toEqual([['labels']]);
});

test('inputs that ignoreChanges takes from a state of the official plugin are accepted', async () => {
  const labels = [{ label: 'a', value: '1', __defaults: [] }];
  const check = new providerProto.CheckRequest()
    .setType('docker:index/volume:Volume')
    .setNews(struct({ name: 'v', labels, __defaults: [] }));
  expect((await lifecycle.check(check)).getFailuresList()).toEqual([]);
});

test.each<[string, Values, Values, string[]]>([
  ['what the official plugin took from the environment', { host: 'unix:///x', __defaults: ['host'] }, {}, []],
  ['what a plugin notes for itself', { __internal: {}, __future: 1 }, {}, []],
  ['a host that the program gives up', { host: 'unix:///x', __defaults: [] }, {}, ['host']],
  ['another host', { host: 'unix:///x', __defaults: ['host'] }, { host: 'unix:///y' }, ['host']],
])('of the configuration, %s: %j to %j replaces for %j', (_, olds, news, replaces) => {
  const answer = diffConfig(new providerProto.DiffRequest().setOldInputs(struct(olds)).setNews(struct(news)));
  expect(answer.getReplacesList()).toEqual(replaces);
  expect(answer.getDiffsList()).toEqual(replaces);
});
