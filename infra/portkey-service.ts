import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** What Portkey's gateway runs with. */
export interface PortkeyArgs extends ServiceArgs {
  /** How long it may go on with what it has begun when it is replaced, in seconds. */
  drainSeconds: number;
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
      { parent: this, deleteBeforeReplace: false, replaceOnChanges: ['healthcheck'] },
    );
    this.registerOutputs({});
  }
}
