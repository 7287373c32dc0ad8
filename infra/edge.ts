import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';
import { dockerName } from './docker-names.ts';

/** What the edge runs with. */
export interface EdgeArgs extends ServiceArgs {
  /** The host's address that the port is bound to, e.g. `127.0.0.1`. */
  bind: string;
  /** The host's port. */
  port: number;
  /** Its memory's limit, in MiB. */
  memoryMb: number;
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
    // front.cfg gives up a second earlier by itself.
    const shared = serviceContainer('edge', args, { memoryMb: args.memoryMb, stopSeconds: 10 });
    new docker.Container(
      name,
      {
        ...shared,
        // A connection of a client takes two, and one more where its request waits.
        ulimits: [...shared.ulimits, { name: 'nofile', soft: 16_384, hard: 16_384 }],
        name: dockerName(args.stack, 'edge'),
        ports: [{ internal: 8080, external: args.port, ip: args.bind }],
        healthcheck: {
          tests: EDGE_PROBE,
          interval: '5s',
          timeout: '3s',
          retries: 3,
          // Until then a failure does not count; the first success ends the wait.
          startPeriod: '30s',
        },
        waitTimeout: 60,
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
