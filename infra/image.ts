import { relative } from 'node:path';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { contextHash } from './context-hash.ts';
import { BASE_IMAGE, dockerName } from './docker-names.ts';

/** The arguments of a {@link StackImage}. */
export interface StackImageArgs {
  /** The stack's name. It is part of the tag, since the provider removes images by tag and two stacks must not share one. */
  stack: string;
  /** The image's role, e.g. `gateway`: the last part of the repository's name. */
  role: string;
  /** The build context: a folder with a Dockerfile. */
  context: string;
  /**
   * The base image in its `FROM`.
   * @default the base image that the launcher builds.
   */
  base?: string;
}

/**
 * An image that is built as a resource of the stack, from the base image, and tagged by its content.
 *
 * The tag contains a hash of the build context. So an unchanged folder is an unchanged resource, and a changed one results in a new image
 * next to the old one, whose tag is removed at the end of the deployment.
 */
export class StackImage extends pulumi.ComponentResource {
  /** Docker's id of the image (`sha256:…`). */
  readonly imageId: pulumi.Output<string>;

  constructor(name: string, args: StackImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:StackImage', name, {}, opts);
    const hash = contextHash(args.context, [args.base ?? BASE_IMAGE]);
    // The path is relative, so that the state does not depend on where the checkout is.
    const context = relative(process.cwd(), args.context);
    // The tag also has a random part: a folder whose change is reverted must not get its old tag again, since the provider removes that tag
    // after it has made the new one. The same applies to a folder that was moved, since its image is replaced whatever its content.
    const randomTag = new random.RandomId(
      `${name}-tag`,
      { byteLength: 3, keepers: { hash, context } },
      { parent: this },
    );
    const tag = pulumi.interpolate`${dockerName(args.stack, args.role)}:${hash}-${randomTag.hex}`;
    const image = new docker.RemoteImage(
      name,
      {
        name: tag,
        build: {
          context,
          dockerfile: 'Dockerfile',
          tags: [tag],
          buildArgs: { BASE: args.base ?? BASE_IMAGE },
        },
        // Deleting the resource only removes the tag: a container that still uses the image keeps its layers.
        forceRemove: true,
      },
      { parent: this, deleteBeforeReplace: false },
    );
    this.imageId = image.imageId;
    this.registerOutputs({ imageId: this.imageId });
  }
}
