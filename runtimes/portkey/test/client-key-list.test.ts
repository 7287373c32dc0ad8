/** The auth proxy reads the list of client keys again when the file changes, and keeps the last valid one. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type AuthProxy, CLIENT_KEY, keyEntry, startAuthProxy } from './start-auth-proxy.ts';

const NEW_KEY = 'sk-canary-client-new-77d0';

let proxy: AuthProxy;
beforeEach(async () => {
  proxy = await startAuthProxy();
});
afterEach(() => {
  proxy.stop();
  jest.restoreAllMocks();
});

/** The statuses of a request with the old and with the new key. */
async function statuses(): Promise<(number | undefined)[]> {
  const ask = async (key: string): Promise<number | undefined> => {
    const target = 'GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ';
    return (await proxy.statuses(`${target}${key}\r\nconnection: close\r\n\r\n`))[0];
  };
  return [await ask(CLIENT_KEY), await ask(NEW_KEY)];
}

const listOf = (...keys: Record<string, unknown>[]): string => JSON.stringify({ keys });

test('a changed list is in force at the next request', async () => {
  expect(await statuses()).toEqual([200, 401]);
  writeFileSync(proxy.keyFile, listOf(keyEntry(NEW_KEY)));
  expect(await statuses()).toEqual([401, 200]);
});

test('so is a list that replaces the file, of the same length', async () => {
  writeFileSync(`${proxy.keyFile}.new`, listOf(keyEntry(NEW_KEY)));
  renameSync(`${proxy.keyFile}.new`, proxy.keyFile);
  expect(await statuses()).toEqual([401, 200]);
});

test('a key is accepted until its end', async () => {
  const until = (ms: number): string => new Date(Date.now() + ms).toISOString();
  writeFileSync(proxy.keyFile, listOf(keyEntry(CLIENT_KEY, until(60_000)), keyEntry(NEW_KEY, until(-1))));
  expect(await statuses()).toEqual([200, 401]);
});

test.each([
  ['that is cut off', () => '{"keys": [{"na'],
  ['with an invalid hash', () => listOf(keyEntry(NEW_KEY), { name: 'x', sha256: 'abc' })],
  ['with an invalid end', () => listOf(keyEntry(NEW_KEY, 'soon'))],
  ['that is missing', () => undefined],
])('with a list %s the last valid one stays in force, and the log says so', async (_, content) => {
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const text = content();
  if (text === undefined) rmSync(proxy.keyFile);
  else writeFileSync(proxy.keyFile, text);
  expect(await statuses()).toEqual([200, 401]);
  expect(String(logged.mock.calls[0])).toContain('the last valid list stays in force');
  writeFileSync(proxy.keyFile, listOf(keyEntry(NEW_KEY)));
  expect(await statuses()).toEqual([401, 200]);
});
