import { ensureTool, DOCKER_PROVIDER } from '../build.ts';
import { home } from '../../console/home-paths.ts';
import { terraformType } from '../providers/docker/terraform-names.ts';
import { resourceShape, type ObjectShape, type Shape } from '../providers/docker/shape.ts';
import { TerraformProvider } from '../providers/docker/terraform.ts';
import type { Methods } from '../providers/docker/tfplugin.ts';
import { isTimeouts } from '../providers/docker/values.ts';
import { BUILD_MS } from './project.ts';
import { interfaceProperties, resourceProperties, type Declared } from './sdk.ts';

let schemas: Methods['GetProviderSchema'][1]['resource_schemas'];
beforeAll(async () => {
  const provider = new TerraformProvider(await ensureTool(DOCKER_PROVIDER, { home: home() }));
  ({ resource_schemas: schemas } = await provider.call('GetProviderSchema', {}));
  await provider.close();
}, BUILD_MS);

/** The names that the bridge offers, one by one, with `[]` for a list. */
function offered(shape: ObjectShape): Record<string, Offered> {
  return Object.fromEntries(
    shape.fields
      .filter((field) => !isTimeouts(field))
      .map((field) => [field.pulumi, describeShape(field.shape)]),
  );
}

interface Offered {
  list: boolean;
  object: ObjectShape | undefined;
}

function describeShape(shape: Shape): Offered {
  if (shape.kind === 'object') return { list: false, object: shape };
  if (shape.kind !== 'list' && shape.kind !== 'set') return { list: false, object: undefined };
  return { list: !shape.flat, object: describeShape(shape.element).object };
}

function compare(path: string, ours: Record<string, Offered>, sdk: Record<string, Declared>): string[] {
  const differences = [...new Set([...Object.keys(ours), ...Object.keys(sdk)])].flatMap((name) => {
    const [here, there] = [ours[name], sdk[name]];
    if (!here) return [`${path}.${name}: only in the SDK`];
    if (!there) return [`${path}.${name}: only in the bridge`];
    if (here.list !== there.list) return [`${path}.${name}: list in only one of them`];
    if (!!here.object !== !!there.type) return [`${path}.${name}: object in only one of them`];
    if (!here.object || !there.type) return [];
    return compare(`${path}.${name}`, offered(here.object), interfaceProperties(there.type));
  });
  return differences;
}

test.each([
  ['container', 'docker:index/container:Container'],
  ['network', 'docker:index/network:Network'],
  ['volume', 'docker:index/volume:Volume'],
  ['remoteImage', 'docker:index/remoteImage:RemoteImage'],
  ['service', 'docker:index/service:Service'],
  ['serviceConfig', 'docker:index/serviceConfig:ServiceConfig'],
  ['secret', 'docker:index/secret:Secret'],
  ['plugin', 'docker:index/plugin:Plugin'],
  ['tag', 'docker:index/tag:Tag'],
  ['registryImage', 'docker:index/registryImage:RegistryImage'],
  ['buildxBuilder', 'docker:index/buildxBuilder:BuildxBuilder'],
])("every name in %s is the official SDK's, at every depth", (file, token) => {
  const type = terraformType(token)!;
  const { id, ...ours } = offered(resourceShape(type, schemas[type]!));
  expect(id).toBeDefined(); // To Pulumi it is no property of its own.
  expect(compare(file, ours, resourceProperties(file))).toEqual([]);
});

test("the official plugin's own Image has no Terraform resource", () => {
  expect(terraformType('docker:index/image:Image')).toBeUndefined();
});
