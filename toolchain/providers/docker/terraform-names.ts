import pluralize from 'pluralize';

// To the official plugin "data" is a singular, in compounds too.
pluralize.addPluralRule(/data$/i, 'datas');

/** The official plugin's own resource, which has no Terraform resource behind it. */
const NOT_TERRAFORM = 'Image';

/** Resource types whose Pulumi name does not follow from Terraform's. */
const TYPES: Record<string, string> = {
  RemoteImage: 'docker_image',
  ServiceConfig: 'docker_config',
};

/** Lists that the official plugin leaves in the singular: together they are one thing, not many. */
const SINGULAR = new Set(['docker_container.command', 'docker_container.networks_advanced']);

/**
 * The Terraform type that stands behind a Pulumi type token; `undefined` where there is none.
 *
 * @param token such as `docker:index/remoteImage:RemoteImage`
 */
export function terraformType(token: string): string | undefined {
  const name = token.split(':').at(-1) ?? '';
  if (name === NOT_TERRAFORM) return undefined;
  return TYPES[name] ?? `docker${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

/**
 * The Pulumi name of a Terraform attribute or block: camelCase, and in the plural where there can be many.
 *
 * @param path where it stands, such as `docker_container.upload`
 * @param tf its Terraform name
 * @param repeated whether it is a list or set of more than one
 */
export function pulumiName(path: string, tf: string, repeated: boolean): string {
  const camel = tf.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return repeated && !SINGULAR.has(`${path}.${tf}`) ? pluralize(camel) : camel;
}
