import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** Arguments of {@link Gateway}. */
export interface GatewayArgs extends ServiceArgs {
  volume: docker.Volume;
  /** Number of gateways that serve side by side, 1 to 8. The edge finds them by DNS. */
  replicas: number;
  /** Memory limit of each, in MiB. */
  memoryMb: number;
  /** How long a replaced gateway may take to finish its requests in flight, in seconds. */
  drainSeconds: number;
}

/**
 * The LiteLLM gateways of a stack: identical containers with one network alias and no host port.
 *
 * A change replaces them in this order: create the new one, wait until it is healthy, remove the old one. Automatic names (their pattern,
 * with the stack's name, is in Pulumi.yaml), no fixed port and `deleteBeforeReplace: false` make that possible. Because of `wait`, a
 * gateway that never becomes healthy fails the deployment, and the old one continues to serve.
 */
export class Gateway extends pulumi.ComponentResource {
  /** Docker's ids of the containers: known once all of them are healthy. */
  readonly ids: pulumi.Output<string[]>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Gateway', name, {}, opts);
    const containers = Array.from(
      { length: args.replicas },
      (_, replica) =>
        new docker.Container(`${name}-${replica}`, containerArgs(args), {
          parent: this,
          deleteBeforeReplace: false,
          // The provider reports a changed health check as an update, but does not apply it.
          replaceOnChanges: ['healthcheck'],
          hooks: { afterCreate: [args.pidsLimit] },
        }),
    );
    this.ids = pulumi.all(containers.map(({ id }) => id));
    this.registerOutputs({});
  }
}

function containerArgs(args: GatewayArgs): docker.ContainerArgs {
  return {
    // From the stop signal to the kill: the lame-duck period, the drain, and a margin for the exit.
    ...serviceContainer('gateway', args, { memoryMb: args.memoryMb, stopSeconds: args.drainSeconds + 15 }),
    entrypoints: ['python3', '/etc/switchyard/supervisor.py'],
    volumes: [{ volumeName: args.volume.name, containerPath: '/data' }],
    healthcheck: {
      // -I -S (isolated, no site packages): this starts in a third of the time, and it runs every few seconds.
      tests: ['CMD', 'python3', '-I', '-S', '/etc/switchyard/probe.py'],
      interval: '3s',
      timeout: '5s',
      retries: 5,
      // A busy machine takes half a minute to start LiteLLM; the first success ends the period.
      startPeriod: '2m0s',
    },
    waitTimeout: 240,
  };
}
