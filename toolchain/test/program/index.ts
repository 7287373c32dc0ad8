// The program of the integration test: one of each resource that Switchyard is made of.
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';

const config = new pulumi.Config();
if (config.getBoolean('refuse')) throw new pulumi.RunError('catalog.yaml:3: unknown model "x"');

const prefix = config.require('prefix');
const memory = config.getNumber('memory') ?? 64;

const network = new docker.Network('network', { name: prefix });
const volume = new docker.Volume('volume', { name: prefix });
// Tagged by content: the provider removes an image by its name, which its successor must not share.
const content = config.get('content') ?? '1';
const image = new docker.RemoteImage('image', {
  name: `${prefix}:${content}`,
  build: { context: import.meta.dirname, dockerfile: 'Dockerfile', buildArgs: { CONTENT: content } },
  triggers: { content },
});
const key = new random.RandomPassword('key', { length: 40, special: false });
const id = new random.RandomId('id', { byteLength: 8, keepers: { content } });

const box = new docker.Container(
  'box',
  {
    image: image.imageId,
    envs: [
      `GREETING=${config.get('greeting') ?? 'hello'}`,
      pulumi.interpolate`TOKEN=${config.requireSecret('token')}`,
    ],
    memory,
    memorySwap: memory,
    networksAdvanced: [{ name: network.name, aliases: ['box'] }],
    volumes: [{ containerPath: '/data', volumeName: volume.name }],
    uploads: [{ file: '/run/key', content: key.result, permissions: '0400', owner: '10001' }],
    labels: [{ label: 'toolchain-test', value: config.get('label') ?? 'a' }],
    healthcheck: {
      tests: ['CMD', '/probe', config.get('health') ?? 'healthy'],
      interval: '1s',
      timeout: '2s',
      retries: 1,
    },
    wait: true,
    waitTimeout: config.getNumber('patience') ?? 60,
  },
  {
    deleteBeforeReplace: false,
    replaceOnChanges: ['healthcheck'],
    ignoreChanges: config.getBoolean('ignoreLabels') ? ['labels'] : [],
  },
);

export const container = box.id;
export const password = key.result;
export const hex = id.hex;
