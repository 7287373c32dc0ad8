import { relative } from 'node:path';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { contextHash } from './context-hash.ts';
import { BASE_IMAGE, dockerName } from './names.ts';

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
 * The tag is a hash of the build context, so that an unchanged folder is an unchanged resource, and a changed one a new image beside
 * the old one (which goes when nothing runs on it any more).
 */
export class StackImage extends pulumi.ComponentResource {
  /** Docker's id of the image (`sha256:…`). */
  readonly imageId: pulumi.Output<string>;

  constructor(name: string, args: StackImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:StackImage', name, {}, opts);
    const tag = imageTag(args);
    const image = new docker.RemoteImage(
      name,
      {
        name: tag,
        build: {
          // Relative, so that the state is the same from whichever folder the project is deployed.
          context: relative(process.cwd(), args.context),
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

/** The content's tag, e.g. `switchyard-dev-gateway:0123456789ab`. */
export function imageTag(args: StackImageArgs): string {
  return `${dockerName(args.stack, args.role)}:${contextHash(args.context, [args.base ?? BASE_IMAGE])}`;
}
