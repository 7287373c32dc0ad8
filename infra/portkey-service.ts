import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** Arguments of {@link Portkey}. */
export interface PortkeyArgs extends ServiceArgs {
  /** How long it may take to finish its requests in flight when it is replaced, in seconds. */
  drainSeconds: number;
}

/**
 * Portkey's open-source gateway as a part of the stack (`portkey.mode: local`), behind the edge's path `/portkey/v1`.
 *
 * It is replaced like the gateways: create the new one, wait until it is healthy, remove the old one. Portkey's container, not the edge,
 * checks the clients' keys and sets the routes: those files contain keys, and a change of them must not replace the one container with a
 * fixed port.
 */
export class Portkey extends pulumi.ComponentResource {
  constructor(name: string, args: PortkeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Portkey', name, {}, opts);
    new docker.Container(
      name,
      {
        ...serviceContainer('portkey', args, { memoryMb: 512, stopSeconds: args.drainSeconds + 10 }),
        healthcheck: {
          tests: ['CMD', 'node', '/opt/portkey/healthcheck.mjs'],
          interval: '3s',
          timeout: '5s',
          retries: 5,
          startPeriod: '1m0s',
        },
        waitTimeout: 120,
      },
      {
        parent: this,
        deleteBeforeReplace: false,
        replaceOnChanges: ['healthcheck'],
        hooks: { afterCreate: [args.pidsLimit] },
      },
    );
    this.registerOutputs({});
  }
}
