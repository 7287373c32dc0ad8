import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceArgs, serviceContainer } from './container.ts';

/** The arguments of Portkey's gateway. */
export interface PortkeyArgs extends ServiceArgs {
  /** How long it may continue its requests when it is replaced, in seconds. */
  drainSeconds: number;
}

/**
 * Portkey's open-source gateway as a part of the stack (`portkey.mode: local`), behind the edge's path `/portkey/v1`.
 *
 * Like the gateways, it is replaced in this order: start the new one, wait until it is healthy, stop the old one. It checks the clients'
 * keys and sets the routes itself instead of the edge: these files hold keys, and a change of them must not replace the only container with
 * a fixed port.
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
