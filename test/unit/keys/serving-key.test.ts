import { describe, expect, test } from '@jest/globals';
import { servingKey } from '../../../keys/serving-key.ts';
import type { StateResource } from '../../../engine/stack-state.ts';
import { clientKeysFile } from '../../../infra/master-key.ts';

const UNTIL = '2026-11-24T12:00:00Z';

/** As `pulumi stack export --show-secrets` shows it. */
function secret(value: unknown): Record<string, string> {
  return {
    '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
    plaintext: JSON.stringify(value),
  };
}

function masterKey(generation: number): StateResource {
  const type = 'random:index/randomPassword:RandomPassword';
  const urn = `urn:pulumi:dev::switchyard::${type}::master-key-${generation}`;
  return { urn, type, outputs: { result: secret(`key${generation}`) } };
}

/** A gateway that was made when `generation` was the current key. */
function gateway(name: string, generation: number): StateResource {
  const type = 'docker:index/container:Container';
  const previous = generation > 1 ? `sk-key${generation - 1}` : undefined;
  const content = clientKeysFile(`sk-key${generation}`, previous, UNTIL);
  const uploads = secret([
    { file: '/etc/switchyard/config.yaml', content: 'model_list: []' },
    { file: '/run/secrets/client-keys.json', content },
  ]);
  return { urn: `urn:pulumi:dev::switchyard::${type}::${name}`, type, inputs: { uploads } };
}

describe('the key that serves', () => {
  test('is the current one of the gateways, not the one in its grace', () => {
    const state = [masterKey(1), masterKey(2), gateway('gateway-0', 2), gateway('gateway-1', 2)];
    expect(servingKey(state)).toEqual({ generation: 2, value: 'sk-key2' });
  });

  test('is not the newest in the state while the gateways do not have it', () => {
    expect(servingKey([masterKey(1), masterKey(2), gateway('gateway-0', 1)])?.generation).toBe(1);
  });

  test('is the oldest where the gateways differ', () => {
    const state = [masterKey(2), masterKey(1), gateway('gateway-0', 2), gateway('gateway-1', 1)];
    expect(servingKey(state)?.generation).toBe(1);
  });

  test('is looked for in gateways alone', () => {
    expect(servingKey([masterKey(1), gateway('portkey', 1)])).toBeUndefined();
  });

  test.each([
    ['there is no gateway', [masterKey(1)]],
    ['its key is no longer in the state', [masterKey(3), gateway('gateway-0', 1)]],
    ['there is nothing', []],
  ])('is unknown where %s', (_, state) => {
    expect(servingKey(state)).toBeUndefined();
  });
});
