import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';
import { dockerName } from './docker-names.ts';

/** Arguments of {@link Edge}. */
export interface EdgeArgs extends ServiceArgs {
  /** The host address that the port is bound to, e.g. `127.0.0.1`. */
  bind: string;
  /** The host port. */
  port: number;
  /** Memory limit, in MiB. */
  memoryMb: number;
}

/** Docker's health check. It uses bash because the image has no HTTP client. The edge itself answers, without a gateway. */
export const EDGE_PROBE = [
  'CMD',
  'bash',
  '-c',
  'exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET /health/edge HTTP/1.0\\r\\n\\r\\n" >&3 && read -r line <&3 && [[ $line == *" 200 "* ]]',
];

/**
 * The proxy that listens on a stack's host port, so that the gateways can be replaced behind it.
 *
 * Because the port is fixed, a change of the edge is the only change with a gap: the old container must stop before the new one can
 * start. Daily changes (keys, models, the number of gateways, images) do not replace it. A configuration that HAProxy rejects fails the
 * deployment, because `wait` requires a healthy container.
 */
export class Edge extends pulumi.ComponentResource {
  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Edge', name, {}, opts);
    // HAProxy stops on its own a second earlier (`hard-stop-after` in front.cfg).
    const shared = serviceContainer('edge', args, { memoryMb: args.memoryMb, stopSeconds: 10 });
    new docker.Container(
      name,
      {
        ...shared,
        // A client connection takes two file descriptors, and a third one while its request is queued.
        ulimits: [...shared.ulimits, { name: 'nofile', soft: 16_384, hard: 16_384 }],
        name: dockerName(args.stack, 'edge'),
        ports: [{ internal: 8080, external: args.port, ip: args.bind }],
        healthcheck: {
          tests: EDGE_PROBE,
          interval: '5s',
          timeout: '3s',
          retries: 3,
          // Failures before that do not count; the first success ends the period.
          startPeriod: '30s',
        },
        waitTimeout: 60,
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        // The provider reports a changed health check as an update, but does not apply it.
        replaceOnChanges: ['healthcheck'],
        hooks: { afterCreate: [args.pidsLimit] },
      },
    );
    this.registerOutputs({});
  }
}
