/** Pulumi's mocks, which record what a stack provisions. */
import * as pulumi from '@pulumi/pulumi';
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';
import type { Switchyard, SwitchyardArgs } from '../../infra/switchyard.ts';

interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** The folder of the images. */
export const IMAGES = `${import.meta.dirname}/../../runtimes`;

const recorded: Recorded[] = [];

/** The component that {@link provision} created. */
export let switchyard: Switchyard;

/** Pulumi's mocks know no hooks. A hook's own test calls it. */
export async function setMocks(): Promise<void> {
  await pulumi.runtime.setMocks({ newResource, call }, 'switchyard', 'test');
  Object.assign(MockMonitor.prototype, {
    registerResourceHook: (_: unknown, done: (error: null, response: object) => void) => done(null, {}),
  });
}

/** Provisions a stack with the mocks, once per test file. */
export async function provision(args: Partial<SwitchyardArgs> = {}): Promise<Recorded[]> {
  await setMocks();
  const { Switchyard } = await import('../../infra/switchyard.ts');
  switchyard = new Switchyard('switchyard', {
    stack: 'test',
    bind: '127.0.0.1',
    port: 4321,
    replicas: 2,
    memoryMb: 1024,
    edgeMemoryMb: 2048,
    drainSeconds: 60,
    masterKey: { generation: 3, previousUntil: '2026-11-25T12:00:00Z' },
    imageContexts: {
      gateway: `${IMAGES}/gateway/image`,
      published: `${IMAGES}/published/image`,
      edge: `${IMAGES}/edge/image`,
      portkey: `${IMAGES}/portkey/image`,
    },
    gatewayFiles: [
      { path: '/etc/switchyard/config.yaml', content: 'model_list: []' },
      { path: '/etc/switchyard/gateway.json', content: '{}' },
    ],
    edgeFiles: [{ path: '/etc/switchyard/haproxy.cfg', content: 'global' }],
    hostName: 'host.docker.internal',
    providerKeys: { GROQ_API_KEY: pulumi.secret('unit-test-value') },
    ...args,
  });
  await pulumi.runtime.disconnect();
  return recorded;
}

function newResource(args: pulumi.runtime.MockResourceArgs): { id: string; state: Record<string, unknown> } {
  recorded.push({ type: args.type, name: args.name, inputs: args.inputs as Record<string, unknown> });
  const made: Record<string, unknown> = { ...(args.inputs as Record<string, unknown>) };
  if (args.type.startsWith('random:index/randomPassword')) made.result = `made-by-${args.name}`;
  if (args.type.startsWith('random:index/randomId')) made.hex = '00ff';
  if (args.type.startsWith('docker:index/remoteImage')) made.imageId = `sha256:${args.name}`;
  return { id: `${args.name}-id`, state: made };
}

function call(args: pulumi.runtime.MockCallArgs): never {
  throw new Error(`unexpected call of ${args.token}`);
}

/** The resources of a Docker type. */
export function created(type: string): Recorded[] {
  return recorded.filter((resource) => resource.type === `docker:index/${type}`);
}

/** A container's arguments. */
export function container(name: string): Record<string, unknown> {
  const found = created('container:Container').find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`no container ${name} was created`);
  return Object.fromEntries(Object.entries(found.inputs).map(([name, value]) => [name, unwrap(value)]));
}

/** The files that are uploaded into a container, by path. */
export function filesOf(name: string): Record<string, string> {
  const uploads = container(name).uploads as { file: string; content: unknown }[];
  return Object.fromEntries(uploads.map(({ file, content }) => [file, String(unwrap(content))]));
}

/** The value of a secret, which mocks wrap. */
function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}
