/** A stack with its own Portkey, which is the default fallback of its gateways. */
import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { beforeAll, expect, test } from '@jest/globals';
import { container, filesOf, provision } from './mocks.ts';

const KEYS_FILE = '/run/secrets/client-keys.json';

beforeAll(async () => {
  const config = pulumi.secret('{"targets":[]}');
  const virtualKeys = [
    { alias: 'default', generation: 1, limited: false },
    { alias: 'limited', generation: 1, limited: true },
    { alias: 'some-models', generation: 1, models: ['big'] },
  ];
  await provision({ ownPortkey: { config, gatewayKey: 'PORTKEY_GATEWAY_KEY' }, virtualKeys });
});

function names(file: string | undefined): string[] {
  return (JSON.parse(file ?? '{}') as { keys: { name: string }[] }).keys.map(({ name }) => name);
}

test('gives the gateways a key that only Portkey accepts', () => {
  const key = filesOf('gateway-0')['/run/secrets/PORTKEY_GATEWAY_KEY'];
  expect(key).toBe('sk-made-by-portkey-key');
  expect(names(filesOf('gateway-0')[KEYS_FILE])).not.toContain('gateway');
  expect(names(filesOf('portkey')[KEYS_FILE])).toEqual(['master', 'master-previous', 'gateway', 'default']);
  expect(filesOf('portkey')[KEYS_FILE]).toContain(createHash('sha256').update(key!).digest('hex'));
  expect(JSON.stringify(filesOf('portkey'))).not.toContain(key);
});

test('gives Portkey no key with models or limits: it checks neither', () => {
  const gateway = names(filesOf('gateway-0')[KEYS_FILE]);
  expect(gateway).toEqual(['master', 'master-previous', 'default', 'limited', 'some-models']);
  expect(filesOf('gateway-0')[KEYS_FILE]).not.toContain('"limited":');
});

test('opens no port of the host for Portkey, and names it on the network', () => {
  expect(container('portkey')).not.toHaveProperty('ports');
  expect(container('portkey')).toMatchObject({ networksAdvanced: [{ aliases: ['portkey'] }] });
});
