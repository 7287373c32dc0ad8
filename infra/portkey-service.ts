import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ContainerFile, upload } from './gateway.ts';
import { hardening } from './hardening.ts';
import { CONTAINER_USER, labels } from './names.ts';

/** What Portkey's gateway runs with. */
export interface PortkeyArgs {
  stack: string;
  /** This deployment's own id. */
  instance: pulumi.Input<string>;
  /** Docker's id of the image. */
  imageId: pulumi.Input<string>;
  network: docker.Network;
  /** How long it may go on with what it has begun when it is replaced, in seconds. */
  drainSeconds: number;
  /** The routes with the providers' keys, and the hashes of the clients' keys. */
  files: ContainerFile[];
}

/**
 * Portkey's open-source gateway as a part of the stack (`portkey.mode: local`), behind the edge's path `/portkey/v1`.
 *
 * Like the gateways it is replaced in the order new, healthy, old. It checks the clients' keys and sets the routes itself, not the
 * edge: those files hold keys, and a change of them must not touch the one container that has a fixed port.
 */
export class Portkey extends pulumi.ComponentResource {
  constructor(name: string, args: PortkeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Portkey', name, {}, opts);
    new docker.Container(
      name,
      {
        ...hardening(512),
        image: args.imageId,
        user: CONTAINER_USER,
        labels: labels(args.stack, 'portkey', args.instance),
        networksAdvanced: [{ name: args.network.name, aliases: ['portkey'] }],
        uploads: args.files.map(upload),
        healthcheck: {
          tests: ['CMD', 'node', '/opt/portkey/healthcheck.mjs'],
          interval: '3s',
          timeout: '5s',
          retries: 5,
          startPeriod: '1m0s',
        },
        wait: true,
        waitTimeout: 120,
        stopTimeout: args.drainSeconds + 10,
        destroyGraceSeconds: args.drainSeconds + 10,
      },
      { parent: this, deleteBeforeReplace: false, replaceOnChanges: ['healthcheck'] },
    );
    this.registerOutputs({});
  }
}
