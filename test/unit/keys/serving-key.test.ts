import { describe, expect, test } from '@jest/globals';
import { olderServingGeneration, servingGeneration } from '../../../keys/serving-key.ts';
import type { StateResource } from '../../../engine/stack-state.ts';

const SIGNATURE = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };

/** As `pulumi stack export --show-secrets` shows it. */
const secret = (value: unknown): Record<string, string> => ({
  ...SIGNATURE,
  plaintext: JSON.stringify(value),
});

function masterKey(generation: number): StateResource {
  const type = 'random:index/randomPassword:RandomPassword';
  const urn = `urn:pulumi:dev::switchyard::${type}::master-key-${generation}`;
  return { urn, type, outputs: { result: secret(`key${generation}`) } };
}

function root(outputs: Record<string, unknown>): StateResource {
  const type = 'pulumi:pulumi:Stack';
  return { urn: `urn:pulumi:dev::switchyard::${type}::switchyard-dev`, type, outputs };
}

describe('the generation that clients use', () => {
  test('is the one in the outputs, even if the state has a newer key', () => {
    const state = [root({ masterKeyGeneration: 1 }), masterKey(1), masterKey(2)];
    expect(servingGeneration('dev', state)).toBe(1);
  });

  test.each([
    ['nothing was deployed to the end', [root({}), masterKey(1)]],
    ['there is nothing', []],
    ['the outputs are of the release before', [root({ masterKey: secret('sk-key1') }), masterKey(1)]],
  ])('is unknown where %s', (_, state) => expect(servingGeneration('dev', state)).toBeUndefined());

  test('is refused if it is not a number', () => {
    expect(() => servingGeneration('dev', [root({ masterKeyGeneration: 'two' })])).toThrow(
      'this Switchyard cannot read the outputs of stack dev',
    );
  });
});

describe('for a stack of the release before it', () => {
  test('is found by the key in the outputs', () => {
    const state = [root({ masterKey: secret('sk-key1') }), masterKey(2), masterKey(1)];
    expect(olderServingGeneration(state)).toBe(1);
  });

  test.each([
    ['its key is no longer in the state', [root({ masterKey: secret('sk-key0') }), masterKey(1)]],
    ['nothing was deployed to the end', [root({}), masterKey(1)]],
    ['there is nothing', []],
    ['it could not be decrypted', [root({ masterKey: { ...SIGNATURE, ciphertext: 'v1:…' } }), masterKey(1)]],
  ])('is unknown where %s', (_, state) => expect(olderServingGeneration(state)).toBeUndefined());
});
