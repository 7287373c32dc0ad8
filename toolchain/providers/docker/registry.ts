import type { Value } from '../../plugin/properties.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { refuseErrors } from './diagnostics.ts';
import { terraformType } from './terraform-names.ts';
import { ResourceType } from './resource.ts';
import { resourceShape } from './shape.ts';
import type { TerraformProvider } from './terraform.ts';
import type { Methods } from './tfplugin.ts';
import { pack, toTerraform } from './values.ts';

/** The resource types that the provider offers, read from its schema once. */
export class Registry {
  private readonly provider: TerraformProvider;
  private readonly schema: Promise<Methods['GetProviderSchema'][1]>;
  private readonly types = new Map<string, ResourceType>();
  /** Docker's address, as the provider determines it. */
  host = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock';

  constructor(provider: TerraformProvider) {
    this.provider = provider;
    this.schema = provider.call('GetProviderSchema', {});
    this.schema.catch(() => undefined); // Reported by whoever needs it first.
  }

  /** Gives the provider its configuration, such as another Docker host. */
  async configure(properties: Record<string, Value>): Promise<void> {
    const shape = resourceShape('provider', (await this.schema).provider);
    const given = Object.fromEntries(Object.entries(properties).map(parsed(shape.fields)));
    const config = toTerraform(given, shape);
    const answer = await this.provider.call('ConfigureProvider', {
      terraform_version: '1.13.0',
      config: pack(config),
    });
    refuseErrors(answer.diagnostics, shape);
    if (typeof given['host'] === 'string' && given['host']) this.host = given['host'];
  }

  /** The resource type behind a Pulumi type token. */
  async type(token: string): Promise<ResourceType> {
    const known = this.types.get(token);
    if (known) return known;
    const { resource_schemas: schemas } = await this.schema;
    const type = terraformType(token);
    const schema = type === undefined ? undefined : schemas[type];
    if (!type || !schema) {
      throw new PluginError(
        `${token}: the Docker bridge supports the types of the Terraform Docker provider (${Object.keys(schemas).sort().join(', ')}). ` +
          'For other types install the official plugin: pulumi plugin install resource docker',
      );
    }
    const made = new ResourceType(this.provider, resourceShape(type, schema));
    this.types.set(token, made);
    return made;
  }
}

/** The SDK passes values that are not strings as JSON. */
function parsed(fields: { pulumi: string; shape: { kind: string } }[]) {
  return ([name, value]: [string, Value]): [string, Value] => {
    const kind = fields.find(({ pulumi }) => pulumi === name)?.shape.kind;
    // `version` and the like are Pulumi's own.
    return [
      name,
      typeof value === 'string' && kind !== undefined && kind !== 'string'
        ? (JSON.parse(value) as Value)
        : value,
    ];
  };
}
