/** The auth proxy of the stack's own Portkey: no key leaves it, in any spelling and however a body is split. */
import { execFileSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
// @ts-expect-error a plain script of the image, without types
import * as script from '../image/redact.mjs';

const { redactor, variants } = script as {
  variants: (key: string) => string[];
  redactor: (keys: string[]) => {
    mask: (text: string) => string;
    stream: () => NodeJS.ReadWriteStream;
  };
};

const KEY = 'canary/key+of=Some_length-77';

async function through(pieces: string[], keys = [KEY]): Promise<string> {
  return text(Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(redactor(keys).stream()));
}

test('only the key in a body is masked, with the same length', async () => {
  expect(await through([`{"error": "wrong key ${KEY.toUpperCase()}"}`])).toBe(
    `{"error": "wrong key ${'*'.repeat(KEY.length)}"}`,
  );
  expect(await through(['no key, but ünïcode and canary/'])).toBe('no key, but ünïcode and canary/');
});

test('a key is found however the body is split', async () => {
  const body = `data: {"a": "${KEY}"}\n\ndata: ${encodeURIComponent(KEY)} ${Buffer.from(`:${KEY}`).toString('base64')}\n\n`;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(body.length), { maxLength: 8 }), async (cuts) => {
      const ends = [0, ...cuts.sort((a, b) => a - b), body.length];
      const out = await through(ends.slice(1).map((end, index) => body.slice(ends[index], end)));
      expect(out).toHaveLength(body.length);
      for (const spelling of variants(KEY)) expect(out.toLowerCase()).not.toContain(spelling);
    }),
    { seed: Number(process.env.FC_SEED ?? 1) },
  );
});

test('an event of a stream is not delayed', async () => {
  const stream = redactor([KEY]).stream();
  const first = new Promise((resolve) => stream.once('data', (piece) => resolve(String(piece))));
  stream.write(`data: {"delta": "${KEY.slice(0, 5)}"}\n\n`);
  expect(await first).toBe(`data: {"delta": "${KEY.slice(0, 5)}"}\n\n`);
});

test('the spellings are the same as those of the gateways', () => {
  const code =
    'import sys; sys.path.insert(0, "runtimes/gateway/image/programs"); import redact, json; print(json.dumps(sorted(x.decode() for x in redact.variants(sys.argv[1]))))';
  const expected = JSON.parse(
    execFileSync('python3', ['-B', '-c', code, KEY], { encoding: 'utf8' }),
  ) as string[];
  expect(variants(KEY)).toEqual(expect.arrayContaining(expected));
});

test('the same keys are searched for as by the gateways: no ordinary words', () => {
  const random = fc.sample(fc.stringMatching(/^[A-Za-z1_-]{6,14}$/), { numRuns: 300, seed: 1 });
  const keys = [
    'lm-studio',
    'not-needed',
    'EMPTY',
    'lm-studio1',
    'an-ordinary-word',
    'key_of_mine',
    ...random,
  ];
  const code =
    'import sys; sys.path.insert(0, "runtimes/gateway/image/programs"); import decode, json; print(json.dumps([decode.is_searched_for(key) for key in json.load(sys.stdin)]))';
  const expected = JSON.parse(
    execFileSync('python3', ['-B', '-c', code], { encoding: 'utf8', input: JSON.stringify(keys) }),
  ) as boolean[];
  expect(keys.map((key) => redactor([key]).mask(key) !== key)).toEqual(expected);
  expect(expected.slice(0, 6)).toEqual([false, false, false, true, true, true]);
});

test('a short value is not masked', async () => {
  expect(await through(['the mock says yes'], ['mock'])).toBe('the mock says yes');
});
