/** What the containers of a stack have in common. */
import type * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { CONTAINER_USER, labels } from './docker-names.ts';
import { hardening } from './hardening.ts';

/** A file that a container finds at its start. */
export interface ContainerFile {
  /** Where in the container: an absolute path. */
  path: string;
  /** Its text. A secret stays one: the provider encrypts it in the state, and `docker inspect` never shows it. */
  content: pulumi.Input<string>;
}

/**
 * A file's upload: the containers' user can read it, by its group, and cannot write it.
 *
 * It has no owner of its own: with one, Docker looks the container's user up in the host's passwd, and fails.
 */
function upload(file: ContainerFile): docker.types.input.ContainerUpload {
  return { file: file.path, content: file.content, permissions: '0440' };
}

/** What every service of a stack is made of, whatever it runs. */
export interface ServiceArgs {
  /** The stack's name. */
  stack: string;
  /** This deployment's own id, by which its containers are told from those of another of the same name. */
  instance: pulumi.Input<string>;
  /** Docker's id of the image. */
  imageId: pulumi.Input<string>;
  network: docker.Network;
  /** Bounds the processes of a container once it is created. */
  pidsLimit: pulumi.ResourceHook;
  /** Files that it finds at its start: configuration, programs, keys. */
  files: ContainerFile[];
}

/**
 * The arguments that every container of a stack has.
 *
 * @param role what it does: its label, and its name on the stack's network.
 * @param memoryMb its memory's limit, in MiB.
 * @param stopSeconds from the request to stop to the kill.
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
    uploads: args.files.map(upload),
    // A container that never gets healthy fails the deployment.
    wait: true,
    stopTimeout: stopSeconds,
    destroyGraceSeconds: stopSeconds,
  };
}
