import pluralize from 'pluralize';

// The official plugin treats "data" as a singular, in compounds too.
pluralize.addPluralRule(/data$/i, 'datas');

/** The official plugin's own resource type, which is not based on a Terraform resource. */
const NOT_TERRAFORM = 'Image';

/** Resource types whose Pulumi name is not derived from Terraform's. */
const TYPES: Record<string, string> = {
  RemoteImage: 'docker_image',
  ServiceConfig: 'docker_config',
};

/** Lists whose name the official plugin leaves in the singular. */
const SINGULAR = new Set(['docker_container.command', 'docker_container.networks_advanced']);

/**
 * The Terraform type of a Pulumi type token; `undefined` if there is none.
 *
 * @param token such as `docker:index/remoteImage:RemoteImage`
 */
export function terraformType(token: string): string | undefined {
  const name = token.split(':').at(-1) ?? '';
  if (name === NOT_TERRAFORM) return undefined;
  return TYPES[name] ?? `docker${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

/**
 * The Pulumi name of a Terraform attribute or block: camelCase, in the plural if there can be several.
 *
 * @param path the path of its parent, such as `docker_container.upload`
 * @param tf its Terraform name
 * @param repeated whether it is a list or set of more than one
 */
export function pulumiName(path: string, tf: string, repeated: boolean): string {
  const camel = tf.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return repeated && !SINGULAR.has(`${path}.${tf}`) ? pluralize(camel) : camel;
}
