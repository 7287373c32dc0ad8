import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  acceptOnly,
  acceptToo,
  addClientKey,
  clientKeysFile,
  removeClientKey,
} from '../../../infra/client-keys.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const UNTIL = '2026-11-25T12:00:00Z';

/** The names and hashes in a file. */
function listed(file: string): [string, string][] {
  const { keys } = JSON.parse(file) as { keys: { name: string; sha256: string }[] };
  return keys.map(({ name, sha256 }) => [name, sha256]);
}

describe("a container's list of keys", () => {
  test('takes a new master key beside those that it has', () => {
    const before = addClientKey(clientKeysFile('sk-2', 'sk-1', UNTIL), 'gateway', 'sk-g');
    expect(JSON.parse(acceptToo(before, 'sk-3'))).toEqual({
      keys: [
        { name: 'master', sha256: hash('sk-3') },
        { name: 'master-previous', sha256: hash('sk-2') },
        { name: 'master-previous', sha256: hash('sk-1'), until: UNTIL },
        { name: 'gateway', sha256: hash('sk-g') },
      ],
    });
  });

  test('then accepts that one alone, and keys that are no master keys', () => {
    const both = acceptToo(addClientKey(clientKeysFile('sk-2', 'sk-1', UNTIL), 'gateway', 'sk-g'), 'sk-3');
    expect(listed(acceptOnly(both, 'sk-3'))).toEqual([
      ['master', hash('sk-3')],
      ['gateway', hash('sk-g')],
    ]);
  });

  test('keeps the limits of virtual keys, and loses both values of a revoked one', () => {
    const limits = { until: UNTIL, models: ['gpt'] };
    const file = addClientKey(
      addClientKey(
        addClientKey(clientKeysFile('sk-1'), 'alice', 'sk-a2', limits),
        'alice-previous',
        'sk-a1',
        limits,
      ),
      'alice-2',
      'sk-b',
    );
    expect(JSON.parse(acceptOnly(acceptToo(file, 'sk-2'), 'sk-2'))).toMatchObject({
      keys: [
        { name: 'master' },
        { name: 'alice', ...limits },
        { name: 'alice-previous', ...limits },
        { name: 'alice-2' },
      ],
    });
    expect(listed(removeClientKey(file, 'alice'))).toEqual([
      ['master', hash('sk-1')],
      ['alice-2', hash('sk-b')],
    ]);
  });

  test('is the same as the one that a deployment of the new key makes', () => {
    expect(acceptOnly(acceptToo(clientKeysFile('sk-1'), 'sk-2'), 'sk-2')).toBe(clientKeysFile('sk-2'));
    const portkey = addClientKey(clientKeysFile('sk-1'), 'gateway', 'sk-g');
    expect(acceptOnly(acceptToo(portkey, 'sk-2'), 'sk-2')).toBe(
      addClientKey(clientKeysFile('sk-2'), 'gateway', 'sk-g'),
    );
  });

  test('is the same when a step is repeated after an interruption', () => {
    const both = acceptToo(clientKeysFile('sk-1'), 'sk-2');
    expect(acceptToo(both, 'sk-2')).toBe(both);
    const only = acceptOnly(both, 'sk-2');
    expect([acceptToo(only, 'sk-2'), acceptOnly(only, 'sk-2')]).toEqual([only, only]);
  });

  test('ends running streams only if asked, and no longer once another key is added', () => {
    const ending = acceptOnly(clientKeysFile('sk-1'), 'sk-2', true);
    expect(JSON.parse(ending)).toEqual({
      keys: [{ name: 'master', sha256: hash('sk-2') }],
      endStreams: true,
    });
    expect(acceptOnly(clientKeysFile('sk-1'), 'sk-2')).not.toContain('endStreams');
    expect(acceptToo(ending, 'sk-3')).not.toContain('endStreams');
  });

  test('contains no key', () => {
    expect(acceptToo(clientKeysFile('sk-old-canary'), 'sk-new-canary')).not.toContain('canary');
  });
});
