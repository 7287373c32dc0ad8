import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { CLIENT_KEYS_FILE } from './client-keys.ts';
import { dataVolume } from './data-volume.ts';
import { Edge } from './edge.ts';
import { endpointOf } from './endpoint.ts';
import { Gateway } from './gateway.ts';
import type { ContainerFile } from './container.ts';
import { StackImage } from './image.ts';
import { rememberKeyAge } from './key-age.ts';
import { MasterKey, type MasterKeyArgs } from './master-key.ts';
import { stackNetwork } from './network.ts';
import { pidsLimitHook } from './pids-limit.ts';
import { Portkey } from './portkey-service.ts';
import { gatewayKey } from './portkey-key.ts';
import { type VirtualKeyArgs, VirtualKeys } from './virtual-keys.ts';

/** The arguments of a stack. All texts are already rendered; keys are secrets. */
export interface SwitchyardArgs {
  /** The stack's name. It is part of every name on the host. */
  stack: string;
  /** The host's address and port that clients use. */
  bind: string;
  port: number;
  /** The number of gateways, 1 to 8. */
  replicas: number;
  /** Memory limit of a gateway, in MiB. */
  memoryMb: number;
  /** Memory limit of the edge, in MiB. */
  edgeMemoryMb: number;
  /** How long a gateway that is being replaced may continue its requests, in seconds. */
  drainSeconds: number;
  masterKey: MasterKeyArgs;
  /** Keys for people and agents. Left out, there are none. */
  virtualKeys?: VirtualKeyArgs[];
  /** A published image by digest. Left out, LiteLLM's image is built from `imageContexts.gateway`. */
  publishedImage?: string;
  /** Folders with a Dockerfile each. `published` adds what the gateway needs to a published image. */
  imageContexts: { gateway: string; published: string; edge: string; portkey: string };
  /** LiteLLM's config and Switchyard's own programs for it. */
  gatewayFiles: ContainerFile[];
  /** The edge's config and scripts. */
  edgeFiles: ContainerFile[];
  /** The stack's own Portkey. Left out, the stack has none. */
  ownPortkey?: {
    /** Its routes with the providers' keys. Secret. */
    config: pulumi.Output<string>;
    /** The gateways get their own key for it, as the file `/run/secrets/<gatewayKey>`. Left out, they do not call it. */
    gatewayKey?: string;
  };
  /** The name by which gateways and Portkey reach a server on the machine that runs the containers. */
  hostName: string;
  /** The providers' keys that are set, by name. Secrets. */
  providerKeys: Record<string, pulumi.Output<string>>;
  /**
   * Whether to register nothing but the master key. For the targeted update that creates a new one: the engine (3.259) may write the other
   * resources, whose dependencies are still the deployed ones, in an order that it refuses to read. What is not registered stays as it is.
   */
  masterKeyAlone?: boolean;
}

/** A whole stack: images, network, data volume, master key, gateways, and the edge in front of them. */
export class Switchyard extends pulumi.ComponentResource {
  /** The stack's address for clients on this machine: `http://127.0.0.1:4000`, without a path. */
  readonly endpoint: string;
  /** The key that clients use. Secret. */
  readonly masterKey: pulumi.Output<string>;
  /** The generation of that key. */
  readonly masterKeyGeneration: pulumi.Output<number>;
  /** The virtual keys by name, known once every gateway accepts them. Secret. */
  readonly virtualKeys: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: SwitchyardArgs, opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:Switchyard', name, {}, opts);
    const { stack } = args;
    this.endpoint = endpointOf(args.bind, args.port);
    const masterKey = new MasterKey('master-key', args.masterKey, { parent: this });
    if (args.masterKeyAlone === true) {
      this.masterKey = masterKey.current;
      this.masterKeyGeneration = pulumi.output(args.masterKey.generation);
      this.virtualKeys = pulumi.output<Record<string, string>>({});
      return;
    }
    const instance = new random.RandomId('instance', { byteLength: 8 }, { parent: this }).hex;
    const virtualKeys = new VirtualKeys('virtual-keys', args.virtualKeys ?? [], { parent: this });
    const keys = Object.entries(args.providerKeys).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [keyName, value] of keys) rememberKeyAge(keyName, value, this);
    const network = stackNetwork('network', stack, this);
    const volume = dataVolume('data', stack, this);
    const shared = { stack, instance, network, pidsLimit: pidsLimitHook() };
    const image = (role: string, context: string, base?: string): pulumi.Output<string> =>
      new StackImage(
        `${role}-image`,
        { stack, role, context, ...(base === undefined ? {} : { base }) },
        { parent: this },
      ).imageId;
    const contexts = args.imageContexts;
    const gatewayImage =
      args.publishedImage === undefined
        ? image('gateway', contexts.gateway)
        : image('gateway', contexts.published, args.publishedImage);

    const clientKeys = (content: pulumi.Output<string>) => ({
      path: CLIENT_KEYS_FILE,
      content,
    });
    const portkeyKey = gatewayKey('portkey-key', args.ownPortkey?.gatewayKey, this);
    const gateway = new Gateway(
      'gateway',
      {
        ...shared,
        hostName: args.hostName,
        volume,
        replicas: args.replicas,
        memoryMb: args.memoryMb,
        drainSeconds: args.drainSeconds,
        imageId: gatewayImage,
        files: [
          ...args.gatewayFiles,
          ...keys.map(([keyName, content]) => ({ path: `/run/secrets/${keyName}`, content })),
          ...portkeyKey.files,
          clientKeys(virtualKeys.addTo(masterKey.hashes)),
        ],
      },
      { parent: this },
    );
    if (args.ownPortkey !== undefined) {
      const config = { path: '/run/secrets/portkey-config.json', content: args.ownPortkey.config };
      // Portkey checks neither models nor limits: keys with any of them are not accepted there.
      const hashes = virtualKeys.addTo(portkeyKey.addTo(masterKey.hashes), true);
      const files = [clientKeys(hashes), config];
      const imageId = image('portkey', contexts.portkey);
      new Portkey(
        'portkey',
        { ...shared, hostName: args.hostName, drainSeconds: args.drainSeconds, imageId, files },
        { parent: this },
      );
    }
    new Edge(
      'edge',
      {
        ...shared,
        bind: args.bind,
        port: args.port,
        memoryMb: args.edgeMemoryMb,
        imageId: image('edge', contexts.edge),
        files: args.edgeFiles,
      },
      // On the first deployment the edge starts after the gateways. Later updates of the two are independent.
      { parent: this, dependsOn: gateway },
    );
    // Known only when every gateway accepts the key: after a failed rotation, clients get the previous one.
    this.masterKey = pulumi.all([masterKey.current, gateway.ids]).apply(([key]) => key);
    this.virtualKeys = pulumi.all([virtualKeys.values, gateway.ids]).apply(([values]) => values);
    this.masterKeyGeneration = gateway.ids.apply(() => args.masterKey.generation);
    this.registerOutputs({ endpoint: this.endpoint });
  }
}
