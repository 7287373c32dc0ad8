import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** The arguments of the gateways. */
export interface GatewayArgs extends ServiceArgs {
  volume: docker.Volume;
  /** The number of gateways, 1 to 8. The edge discovers them by DNS. */
  replicas: number;
  /** Memory limit of each gateway, in MiB. */
  memoryMb: number;
  /** How long a gateway that is being replaced may continue its requests, in seconds. */
  drainSeconds: number;
}

/**
 * The LiteLLM gateways of a stack: identical containers with one name on its network, and without a host port.
 *
 * Any change replaces them in this order: start the new one, wait until it is healthy, stop the old one. Automatic names, no fixed port and
 * `deleteBeforeReplace: false` make that possible. With `wait`, a gateway that does not become healthy fails the deployment while the old one
 * continues to serve.
 */
export class Gateway extends pulumi.ComponentResource {
  /** Docker's ids of the containers; known when all of them are healthy. */
  readonly ids: pulumi.Output<string[]>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Gateway', name, {}, opts);
    const containers = Array.from(
      { length: args.replicas },
      (_, replica) =>
        new docker.Container(`${name}-${replica}`, containerArgs(args), {
          parent: this,
          deleteBeforeReplace: false,
          // The provider reports a changed healthcheck as an update and does not apply it.
          replaceOnChanges: ['healthcheck'],
        }),
    );
    this.ids = pulumi.all(containers.map(({ id }) => id));
    this.registerOutputs({});
  }
}

function containerArgs(args: GatewayArgs): docker.ContainerArgs {
  return {
    // Seconds from SIGTERM to SIGKILL: until the edge has removed the gateway, the drain, and a reserve for the exit itself.
    ...serviceContainer('gateway', args, { memoryMb: args.memoryMb, stopSeconds: args.drainSeconds + 15 }),
    entrypoints: ['python3', '/etc/switchyard/supervisor.py'],
    volumes: [{ volumeName: args.volume.name, containerPath: '/data' }],
    healthcheck: {
      // Isolated and without site packages, it starts in a third of the time. It runs often.
      tests: ['CMD', 'python3', '-I', '-S', '/etc/switchyard/probe.py'],
      interval: '3s',
      timeout: '5s',
      retries: 5,
      // A busy machine needs half a minute to start LiteLLM; the first success ends the wait.
      startPeriod: '2m0s',
    },
    waitTimeout: 240,
  };
}
