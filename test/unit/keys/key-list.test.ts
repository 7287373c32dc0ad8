import { expect, test } from '@jest/globals';
import { withMasterKey } from '../../../keys/current-outputs.ts';
import { wrongAnswer } from '../../../keys/key-list.ts';

test.each([
  ['204\n401\n401\n', undefined],
  ['200\n401\n', undefined],
  ['204\n', undefined],
  // It does not listen yet, or no more.
  ['0\n0\n', undefined],
  ['204\n204\n', 'it still accepts the old key'],
  ['204\n401\n200\n', 'it still accepts the old key'],
  // A gateway of an older release, which has no such path.
  ['404\n404\n', 'it still accepts the old key'],
  ['401\n401\n', 'it does not accept the new key'],
])('a container that answers the new key and the old ones with %j: %s', (output, reason) => {
  expect(wrongAnswer(output)).toBe(reason);
});

test('the new master key replaces the old one wherever the outputs have it', () => {
  const outputs = {
    masterKey: 'sk-oldKey1',
    clientFiles: { auth: JSON.stringify({ litellm: { key: 'sk-oldKey1' }, groq: { key: 'gsk_1' } }) },
  };
  expect(withMasterKey(outputs, 'sk-oldKey1', 'sk-newKey2')).toEqual({
    masterKey: 'sk-newKey2',
    clientFiles: { auth: JSON.stringify({ litellm: { key: 'sk-newKey2' }, groq: { key: 'gsk_1' } }) },
  });
});
