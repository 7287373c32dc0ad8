import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeEnvFile } from '../../../keys/env-bytes.ts';
import '../../seed.ts';

const le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const be = (text: string): Buffer => le(text).swap16();
const TEXT = 'GROQ_API_KEY=abc # clé\r\n';

describe('the bytes of an env file', () => {
  test.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
    ['UTF-16LE with a byte order mark', le(`\uFEFF${TEXT}`)],
    ['UTF-16BE with a byte order mark', be(`\uFEFF${TEXT}`)],
    ['UTF-16LE without a byte order mark', le(TEXT)],
    ['UTF-16BE without a byte order mark', be(TEXT)],
    ['Windows-1252', Buffer.from(TEXT, 'latin1')],
  ])('are decoded: %s', (_, bytes) => {
    expect(decodeEnvFile(bytes)).toEqual({ text: TEXT });
  });

  test.each([
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]), /UTF-32/],
    ['zero bytes in a text of single bytes', Buffer.from('GROQ_API_KEY=a\0b\0'), /zero bytes/],
    ['zero bytes in both places', Buffer.from([65, 0, 0, 66]), /zero bytes/],
    ['half a character at the end of UTF-16', Buffer.concat([le('\uFEFFab'), Buffer.from([65])]), /not valid UTF-16LE/],
  ])('are refused: %s', (_, bytes, reason) => {
    expect(decodeEnvFile(bytes)).toEqual({ refused: expect.stringMatching(reason) });
  }); // prettier-ignore

  test('give every ASCII text back in each encoding', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x20-\x7e\n]{2,60}$/), (text) => {
        for (const bytes of [Buffer.from(text), le(text), be(text)])
          expect(decodeEnvFile(bytes)).toEqual({ text });
      }),
    );
  });

  test('are decoded or refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(Object.values(decodeEnvFile(bytes))).toEqual([expect.any(String)]);
      }),
    );
  });
});
