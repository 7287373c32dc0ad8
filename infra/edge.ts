import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { EDGE_MEMORY_MB } from '../catalog/edge.ts';
import { type ContainerFile, upload } from './gateway.ts';
import { hardening } from './hardening.ts';
import { CONTAINER_USER, dockerName, labels } from './names.ts';

/** What the edge runs with. */
export interface EdgeArgs {
  stack: string;
  /** This deployment's own id. */
  instance: pulumi.Input<string>;
  /** Docker's id of the image. */
  imageId: pulumi.Input<string>;
  network: docker.Network;
  /** The host's address that the port is bound to, e.g. `127.0.0.1`. */
  bind: string;
  /** The host's port. */
  port: number;
  /** The proxy's config and scripts. */
  files: ContainerFile[];
}

/** Docker's probe: bash speaks HTTP, for the image has no client. The edge answers by itself, without any gateway. */
export const EDGE_PROBE = [
  'CMD',
  'bash',
  '-c',
  'exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET /health/edge HTTP/1.0\\r\\n\\r\\n" >&3 && read -r line <&3 && [[ $line == *" 200 "* ]]',
];

/**
 * The small proxy that holds a stack's host port, so that the gateways can be replaced behind it.
 *
 * It holds a fixed port, so its own change is the one that has a gap: the old one must go before the new one can start. Nothing
 * that changes in the daily work (keys, models, the number of gateways, images) touches it. A config that HAProxy does not take
 * fails the deployment: `wait` wants it healthy.
 */
export class Edge extends pulumi.ComponentResource {
  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Edge', name, {}, opts);
    const limits = hardening(EDGE_MEMORY_MB);
    new docker.Container(
      name,
      {
        ...limits,
        // A connection of a client takes two, and one more where its request waits.
        ulimits: [...limits.ulimits, { name: 'nofile', soft: 16_384, hard: 16_384 }],
        name: dockerName(args.stack, 'edge'),
        image: args.imageId,
        user: CONTAINER_USER,
        labels: labels(args.stack, 'edge', args.instance),
        networksAdvanced: [{ name: args.network.name, aliases: ['edge'] }],
        ports: [{ internal: 8080, external: args.port, ip: args.bind }],
        uploads: args.files.map(upload),
        healthcheck: {
          tests: EDGE_PROBE,
          interval: '5s',
          timeout: '3s',
          retries: 3,
          // Until then a failure does not count; the first success ends the wait.
          startPeriod: '30s',
        },
        wait: true,
        waitTimeout: 60,
        // front.cfg gives up a second earlier by itself.
        stopTimeout: 10,
        destroyGraceSeconds: 10,
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        // The provider reports a changed healthcheck as an update and does not apply it.
        replaceOnChanges: ['healthcheck'],
      },
    );
    this.registerOutputs({});
  }
}
