import structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { readProperties, UNKNOWN, writeProperties } from '../plugin/properties.ts';
import { redact, secretTexts } from '../plugin/plugin-redact.ts';

const SECRET = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };
const struct = (value: object) => structProto.Struct.fromJavaScript(value as never);

test('secrets are unwrapped and their paths recorded', () => {
  const read = readProperties(struct({ a: { b: { ...SECRET, value: 'x' } }, c: 'plain' }));
  expect(read).toEqual({ values: { a: { b: 'x' }, c: 'plain' }, secrets: [['a', 'b']] });
});

test('a secret within a list makes the list secret, since a set has no order', () => {
  const read = readProperties(struct({ envs: ['A=1', { ...SECRET, value: 'B=2' }] }));
  expect(read).toEqual({ values: { envs: ['A=1', 'B=2'] }, secrets: [['envs']] });
});

test('a secret with an unknown value is secret and unknown', () => {
  const read = readProperties(struct({ key: { ...SECRET, value: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' } }));
  expect(read).toEqual({ values: { key: UNKNOWN }, secrets: [['key']] });
});

test.each([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
])('every kind of unknown is known as such: %s', (sentinel) => {
  expect(readProperties(struct({ x: [sentinel] })).values).toEqual({ x: [UNKNOWN] });
});

test('assets are refused by name', () => {
  const asset = { '4dabf18193072939515e22adb298388d': 'c44067f5952c0a294b673a41bacd8c17', text: 'x' };
  expect(() => readProperties(struct({ source: asset }))).toThrow('source: assets');
});

test('what is written can be read again', () => {
  const properties = {
    values: { a: { b: 'x', c: [1, null, UNKNOWN] }, d: true },
    secrets: [['a', 'b'], ['d']],
  };
  const wire = writeProperties(properties.values, properties.secrets);
  expect(wire.toJavaScript()['d']).toEqual({ ...SECRET, value: true });
  expect(readProperties(wire)).toEqual(properties);
});

test('secret texts are found at any depth and removed from a message', () => {
  const read = readProperties(
    struct({
      uploads: { ...SECRET, value: [{ file: '/etc/app/config.yaml', content: 'hunter2-hunter2' }] },
      envs: { ...SECRET, value: ['CONFIG={"key":"sk-abcdef0123456789"}'] },
    }),
  );
  const texts = secretTexts(read);
  expect(redact('no hunter2-hunter2 in /etc/app/config.yaml, nor sk-abcdef0123456789', texts)).toBe(
    'no [secret] in /etc/app/config.yaml, nor [secret]',
  );
});

test('short texts are not removed: they would match by chance', () => {
  expect(redact('exit code 0400', ['0400', ''])).toBe('exit code 0400');
});
