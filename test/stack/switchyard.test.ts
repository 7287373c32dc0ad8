/** What a stack provisions and what it must not, with Pulumi's mocks. The end-to-end tests check that it works. */
import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { EDGE_MEMORY_MB } from '../../domain/schema/edge-limits.ts';
import { contextHash } from '../../infra/context-hash.ts';
import { container, created, filesOf, IMAGES, provision, switchyard } from './mocks.ts';

/** An output's value, and whether it is a secret. */
async function valueOf(output: pulumi.Output<unknown>): Promise<[value: unknown, isSecret: boolean]> {
  const value = await new Promise((done) => void output.apply(done));
  return [value, await pulumi.isSecret(output)];
}

let recorded: Awaited<ReturnType<typeof provision>>;

beforeAll(async () => {
  recorded = await provision();
});

describe('a stack', () => {
  test('has exactly these resources', () => {
    expect(
      recorded
        .filter((r) => !r.type.startsWith('switchyard:'))
        .map((r) => `${r.type} ${r.name}`)
        .sort(),
    ).toEqual([
      'docker:index/container:Container edge',
      'docker:index/container:Container gateway-0',
      'docker:index/container:Container gateway-1',
      'docker:index/network:Network network',
      'docker:index/remoteImage:RemoteImage edge-image',
      'docker:index/remoteImage:RemoteImage gateway-image',
      'docker:index/volume:Volume data',
      'random:index/randomId:RandomId edge-image-tag',
      'random:index/randomId:RandomId gateway-image-tag',
      'random:index/randomId:RandomId instance',
      'random:index/randomId:RandomId key-age-GROQ_API_KEY',
      'random:index/randomPassword:RandomPassword master-key-2',
      'random:index/randomPassword:RandomPassword master-key-3',
    ]);
  });

  test.each(['gateway-0', 'gateway-1', 'edge'])('hardens %s', (name) => {
    const inputs = container(name);
    expect(inputs).toMatchObject({
      user: '10001:0',
      restart: 'unless-stopped',
      capabilities: { drops: ['ALL'] },
      securityOpts: ['no-new-privileges:true'],
      logDriver: 'json-file',
      logOpts: { 'max-size': '10m', 'max-file': '3' },
    });
    expect(inputs.memory).toBeGreaterThan(0);
    expect(inputs.memorySwap).toBe(inputs.memory);
    expect(inputs.stopTimeout).toBeGreaterThan(0);
    for (const absent of ['envs', 'privileged', 'publishAllPorts', 'networkMode', 'mounts']) {
      expect(inputs).not.toHaveProperty(absent);
    }
  });

  test('gives gateways, but not the edge, a name for the machine', () => {
    const hosts = [{ host: 'host.docker.internal', ip: 'host-gateway' }];
    expect([container('gateway-0').hosts, container('edge').hosts]).toEqual([hosts, undefined]);
  });

  test('gives gateways an automatic name and no port, so that old and new ones can run side by side', () => {
    const inputs = container('gateway-0');
    expect(inputs).not.toHaveProperty('name');
    expect(inputs).not.toHaveProperty('ports');
    expect(inputs).toMatchObject({ wait: true, networksAdvanced: [{ aliases: ['gateway'] }] });
  });

  test('publishes only the edge, on one loopback port', () => {
    expect(container('edge').ports).toEqual([{ internal: 8080, external: 4321, ip: '127.0.0.1' }]);
    expect(container('edge').uploads).toHaveLength(1);
  });

  test('waits until the edge answers', () => {
    const { healthcheck, ...inputs } = container('edge');
    expect(inputs).toMatchObject({ wait: true, memory: EDGE_MEMORY_MB });
    expect(inputs.waitTimeout).toBeGreaterThan(0);
    expect((healthcheck as { tests: string[] }).tests.join(' ')).toContain('GET /health/edge');
  });

  test('passes keys as files that the gateway can read and nobody can write', () => {
    // prettier-ignore
    const uploads = container('gateway-0').uploads as { file: string }[];
    expect(uploads.map((upload) => upload.file)).toEqual([
      '/etc/switchyard/config.yaml',
      '/etc/switchyard/gateway.json',
      '/run/secrets/GROQ_API_KEY',
      '/run/secrets/client-keys.json',
    ]);
    for (const upload of uploads) {
      expect(upload).toMatchObject({ permissions: '0440' });
      // Docker would look up the owner on the host, where it does not exist.
      expect(upload).not.toHaveProperty('owner');
    }
  });

  test('gives gateways only the hashes of both master keys', () => {
    const text = filesOf('gateway-0')['/run/secrets/client-keys.json'] ?? '';
    const keys = (JSON.parse(text) as { keys: { name: string; sha256: string; until?: string }[] }).keys;
    expect(keys.map((key) => [key.name, key.until])).toEqual([
      ['master', undefined],
      ['master-previous', '2026-11-25T12:00:00Z'],
    ]);
    expect(text).not.toContain('made-by');
    expect(keys[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[0]?.sha256).not.toBe(keys[1]?.sha256);
  });

  test('outputs its endpoint, its master key as a secret, and the generation of that key', async () => {
    const { endpoint, masterKey, masterKeyGeneration } = switchyard;
    expect(endpoint).toBe('http://127.0.0.1:4321');
    expect(await valueOf(masterKeyGeneration)).toEqual([3, false]);
    expect(await valueOf(masterKey)).toEqual(['sk-made-by-master-key-3', true]);
  });

  test('tags images by stack and content', () => {
    const names = created('remoteImage:RemoteImage').map((image) => image.inputs.name);
    const hash = contextHash(`${IMAGES}/edge/image`, ['switchyard-base:bookworm-1']);
    expect(names).toContain(`switchyard-test-edge:${hash}-00ff`);
  });
});
