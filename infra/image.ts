import { relative } from 'node:path';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { contextHash } from './context-hash.ts';
import { BASE_IMAGE, dockerName } from './docker-names.ts';

/** What a {@link StackImage} is built from. */
export interface StackImageArgs {
  /** The stack's name; part of the tag, since the provider removes images by tag and two stacks must not share one. */
  stack: string;
  /** What the image is for, e.g. `gateway`: the last part of the repository's name. */
  role: string;
  /** The build context: a folder with a Dockerfile. */
  context: string;
  /**
   * What its `FROM` names.
   * @default the base image that the launcher brings.
   */
  base?: string;
}

/**
 * An image built as a resource of the stack, from the base image, tagged by its content.
 *
 * The tag has a hash of the build context, so that an unchanged folder is an unchanged resource, and a changed one a new image
 * beside the old one (whose tag goes at the end of the deployment).
 */
export class StackImage extends pulumi.ComponentResource {
  /** Docker's id of the image (`sha256:…`). */
  readonly imageId: pulumi.Output<string>;

  constructor(name: string, args: StackImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:StackImage', name, {}, opts);
    const hash = contextHash(args.context, [args.base ?? BASE_IMAGE]);
    // Random as well: a folder that goes back to what it was must not get its old tag again, which the provider removes after
    // it has made the new one.
    // So is a folder that has moved: its image is replaced too, whatever its content.
    // Relative, so that the state is the same from whichever folder the project is deployed.
    const context = relative(process.cwd(), args.context);
    const made = new random.RandomId(
      `${name}-tag`,
      { byteLength: 3, keepers: { hash, context } },
      { parent: this },
    );
    const tag = pulumi.interpolate`${dockerName(args.stack, args.role)}:${hash}-${made.hex}`;
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
        // Only the tag goes with the resource: a container that still runs on the image keeps its layers.
        forceRemove: true,
      },
      { parent: this, deleteBeforeReplace: false },
    );
    this.imageId = image.imageId;
    this.registerOutputs({ imageId: this.imageId });
  }
}
