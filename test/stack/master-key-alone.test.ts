/** What a targeted update registers that creates a new master key. */
import { expect, test } from '@jest/globals';
import { provision } from './mocks.ts';

test('while a master key is created alone, nothing else of the stack is registered', async () => {
  const registered = await provision({ masterKeyAlone: true });
  expect(registered.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
    'random:index/randomPassword:RandomPassword master-key-2',
    'random:index/randomPassword:RandomPassword master-key-3',
    'switchyard:index:MasterKey master-key',
    'switchyard:index:Switchyard switchyard',
  ]);
});
