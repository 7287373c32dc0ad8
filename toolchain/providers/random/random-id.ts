import { randomBytes } from 'node:crypto';
import type { RandomType } from './random-type.ts';

/** `RandomId`: random bytes, in four encodings. */
export const randomId: RandomType = {
  inputs: { byteLength: undefined, keepers: undefined, prefix: undefined },
  outputs: { b64Std: 'plain', b64Url: 'plain', dec: 'plain', hex: 'plain' },
  check: ({ byteLength }) =>
    typeof byteLength === 'number' && (!Number.isInteger(byteLength) || byteLength < 1)
      ? [['byteLength', `expected a whole number of at least 1, found ${byteLength}`]]
      : [],
  create: ({ byteLength, prefix }) => {
    const bytes = randomBytes(Number(byteLength));
    const before = typeof prefix === 'string' ? prefix : '';
    const hex = bytes.toString('hex');
    return {
      id: bytes.toString('base64url'),
      outputs: {
        b64Std: before + bytes.toString('base64'),
        b64Url: before + bytes.toString('base64url'),
        dec: before + BigInt(`0x${hex}`).toString(),
        hex: before + hex,
      },
    };
  },
};
