import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { found, foundInStream, needlesOf, newCanaries } from '../../../drills/canaries.ts';

const KEY = '4f1c09ab77e25d3881c6e0f2a95b7d34';
const NEEDLES = needlesOf([{ name: 'K', value: KEY }]);

describe('the search', () => {
  test.each([
    ['whole', `"key": "${KEY}"`],
    ['its first half', `key ${KEY.slice(0, 16)}…`],
    ['its second half', `key …${KEY.slice(16)}`],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64, after one other byte', Buffer.from(`x${KEY}y`).toString('base64')],
    ['in base64, after two other bytes', Buffer.from(`xy${KEY}`).toString('base64')],
  ])('finds a key %s', (_, text) => {
    expect(found(Buffer.from(text), NEEDLES)).toEqual(['K']);
  });

  test('does not find a key of which only a few characters occur', () => {
    expect(found(Buffer.from(`${KEY.slice(0, 8)}********${KEY.slice(-4)}`), NEEDLES)).toEqual([]);
  });

  test('finds a key in a stream, wherever it is split', async () => {
    const padding = Buffer.alloc(4_100_000, 0x2e);
    for (const cut of [1, 15, 31]) {
      const pieces = [padding, Buffer.from(KEY.slice(0, cut)), Buffer.from(KEY.slice(cut)), padding];
      expect(await foundInStream(Readable.from(pieces), NEEDLES)).toEqual(['K']);
    }
    expect(await foundInStream(Readable.from([padding]), NEEDLES)).toEqual([]);
  });
});

test('all canaries differ, and some match no known key format', () => {
  const canaries = [...newCanaries(), ...newCanaries()];
  expect(new Set(canaries.map(({ value }) => value)).size).toBe(canaries.length);
  expect(canaries.filter(({ value }) => /^[0-9a-f]+$/.test(value)).length).toBeGreaterThan(2);
});
