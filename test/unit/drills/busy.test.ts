/** The large posts of the drill `busy`: as large as claimed, and within the bounds of the gateway (bounds.py). */
import { expect, test } from '@jest/globals';
import { largeBody } from '../../../drills/busy.ts';

test('a post has almost 1 MB, many small objects, and a text of its own', () => {
  const body = largeBody('alias');
  expect(Buffer.byteLength(body)).toBeGreaterThan(900_000);
  // The edge's buffer is 1 MiB, with the headers.
  expect(Buffer.byteLength(body)).toBeLessThan(1_010_000);
  const containers = body.replace(/[^[{]/g, '').length;
  expect(containers).toBeGreaterThan(25_000);
  expect(containers).toBeLessThan(100_000);
  expect(largeBody('alias')).not.toBe(body);
});
