/** The arguments that all containers of a stack share. */
import type * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { CONTAINER_USER, labels } from './docker-names.ts';
import { hardening } from './hardening.ts';

/** A file that is uploaded into a container before it starts. */
export interface ContainerFile {
  /** Its absolute path in the container. */
  path: string;
  /** Its text. A secret remains one: the provider encrypts it in the state, and `docker inspect` never shows it. */
  content: pulumi.Input<string>;
}

/**
 * A file's upload. The containers' user can read it through its group, and cannot write it.
 *
 * It has no owner: with one, Docker would look up the container's user in the host's passwd, and fail.
 */
function upload({ path, content }: ContainerFile): docker.types.input.ContainerUpload {
  return { file: path, content, permissions: '0440' };
}

/** The arguments of every service of a stack. */
export interface ServiceArgs {
  /** The stack's name. */
  stack: string;
  /** This deployment's own id. It distinguishes its containers from those of another deployment of the same name. */
  instance: pulumi.Input<string>;
  /** Docker's id of the image. */
  imageId: pulumi.Input<string>;
  network: docker.Network;
  /** A name for the machine that runs the containers. Left out, the container has none. */
  hostName?: string;
  /** Bounds the processes of a container once it is created. */
  pidsLimit: pulumi.ResourceHook;
  /** The files that are uploaded before it starts: configuration, keys, the edge's scripts. */
  files: ContainerFile[];
}

/**
 * The arguments that every container of a stack has.
 *
 * @param role its role: the value of its label, and its name on the stack's network.
 * @param memoryMb its memory limit, in MiB.
 * @param stopSeconds seconds from SIGTERM to SIGKILL.
 */
export function serviceContainer(
  role: 'gateway' | 'edge' | 'portkey',
  args: ServiceArgs,
  { memoryMb, stopSeconds }: { memoryMb: number; stopSeconds: number },
) {
  return {
    ...hardening(memoryMb),
    image: args.imageId,
    user: CONTAINER_USER,
    labels: labels(args.stack, role, args.instance),
    networksAdvanced: [{ name: args.network.name, aliases: [role] }],
    ...(args.hostName === undefined ? {} : { hosts: [{ host: args.hostName, ip: 'host-gateway' }] }),
    uploads: args.files.map(upload),
    // A container that does not become healthy fails the deployment.
    wait: true,
    stopTimeout: stopSeconds,
    destroyGraceSeconds: stopSeconds,
  };
}
