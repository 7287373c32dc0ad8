import { expect, test } from '@jest/globals';
import { endpointOf } from '../../../infra/endpoint.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4000'],
  ['10.0.0.5', 'http://10.0.0.5:4000'],
  ['0.0.0.0', 'http://127.0.0.1:4000'],
  ['::', 'http://[::1]:4000'],
  ['::1', 'http://[::1]:4000'],
  ['fd00::5', 'http://[fd00::5]:4000'],
])('a server on %s is called at %s', (bind, endpoint) => {
  expect(endpointOf(bind, 4000)).toBe(endpoint);
  expect(new URL(endpoint).origin).toBe(endpoint);
});
