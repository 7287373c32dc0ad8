import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** What a gateway runs with. */
export interface GatewayArgs extends ServiceArgs {
  volume: docker.Volume;
  /** How many gateways serve side by side, 1 to 8. The edge finds them by themselves. */
  replicas: number;
  /** Memory limit of each, in MiB. */
  memoryMb: number;
  /** How long a gateway that is replaced may go on with what it has begun, in seconds. */
  drainSeconds: number;
}

/**
 * The LiteLLM gateways of a stack: equal containers under one name on its network, without a host port.
 *
 * Any change replaces them in the order new, healthy, then old: automatic names, no fixed port and `deleteBeforeReplace: false`
 * make that possible, and `wait` makes a gateway that never gets healthy fail the deployment while the old one serves on.
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
    // The time from the request to stop to the kill: the lame-duck seconds, the drain, and some for the exit itself.
    ...serviceContainer('gateway', args, { memoryMb: args.memoryMb, stopSeconds: args.drainSeconds + 15 }),
    entrypoints: ['python3', '/etc/switchyard/supervisor.py'],
    volumes: [{ volumeName: args.volume.name, containerPath: '/data' }],
    healthcheck: {
      // Isolated and without site packages: it starts in a third of the time, and it starts often.
      tests: ['CMD', 'python3', '-I', '-S', '/etc/switchyard/probe.py'],
      interval: '3s',
      timeout: '5s',
      retries: 5,
      // A busy machine takes half a minute to start LiteLLM; the first success ends the wait.
      startPeriod: '2m0s',
    },
    waitTimeout: 240,
  };
}
