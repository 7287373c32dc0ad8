import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { UserError } from '../../../console/errors.ts';
import { placeholderOf, withoutSecrets } from '../../../preview/placeholders.ts';
import { rawConfig, stackInputs, stackSettings } from '../../../engine/stack-settings.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { RELEASE_DAY, withFixtures } from '../../../sandbox/fixtures.ts';
import { stackOfFile } from '../../../domain/schema/stack-file-names.ts';

const FILE = `# a comment
config:
  switchyard:port: 4000
  mock: true
  switchyard:masterKey: { generation: 2, previousUntil: "2026-11-25T12:00:00Z" }
  switchyard:client: { direct: [groq] }
  switchyard:GROQ_API_KEY:
    secure: v1:abc:def
  OPENAI_API_KEY_2: { secure: v1:ghi:jkl }
  switchyard:baseUrls: { openai: { secure: v1:mno:pqr } }
  docker:host: unix:///var/run/docker.sock
encryptionsalt: v1:x:v1:y:z
`;

describe("a stack's file", () => {
  test('is read in the form in which Pulumi passes it on', () => {
    expect(rawConfig(FILE, 'Pulumi.dev.yaml')).toEqual({
      config: {
        port: '4000',
        mock: 'true',
        masterKey: '{"generation":2,"previousUntil":"2026-11-25T12:00:00Z"}',
        client: '{"direct":["groq"]}',
      },
      secretKeys: ['GROQ_API_KEY', 'OPENAI_API_KEY_2', 'baseUrls'],
    });
  });

  test.each(['', '# nothing\n', 'config:\n', 'encryptionsalt: v1:x\n'])('may have no config: %j', (text) => {
    expect(rawConfig(text, 'Pulumi.dev.yaml')).toEqual({ config: {}, secretKeys: [] });
  });

  const KEY = `gsk_${'a1B2'.repeat(13)}`;
  test.each([
    ['an open list', 'config: [\n', /^Pulumi\.dev\.yaml:2:1 not valid YAML: /],
    [
      'an open quote',
      `config:\n  switchyard:GROQ_API_KEY: "${KEY}\n`,
      /^Pulumi\.dev\.yaml:\d+:\d+ not valid YAML: /,
    ],
    [
      'an extra colon',
      `config:\n  switchyard:GROQ_API_KEY: ${KEY}: x\n`,
      /^Pulumi\.dev\.yaml:2:\d+ not valid YAML: /,
    ],
    ['a wrong indentation', `config:\n  a: 1\n ${KEY}: x\n`, /^Pulumi\.dev\.yaml:3:\d+ not valid YAML: /],
    ['a tag', `config:\n  a: !${KEY} x\n`, /^Pulumi\.dev\.yaml:2:\d+ /],
    ['an alias', `config:\n  a: *${KEY}\n`, /^Pulumi\.dev\.yaml:2:\d+ /],
    ['a key for a name', `config:\n  ${KEY}: 1\n  ${KEY}: 2\n`, /^Pulumi\.dev\.yaml:3:\d+ /],
    ['no mapping', 'just words\n', /^the stack settings are not a mapping$/],
  ])('with %s is refused, with the position and without a key', (_, text, expected) => {
    for (const read of [
      () => rawConfig(text, 'Pulumi.dev.yaml'),
      () => withoutSecrets(text, 'Pulumi.dev.yaml'),
    ]) {
      expect(read).toThrow(UserError);
      expect(read).toThrow(expected);
      expect(read).not.toThrow('a1B2a1B2');
    }
  });

  describe('of the release', () => {
    const day = process.env.SWITCHYARD_TODAY;
    afterEach(() => {
      if (day === undefined) delete process.env.SWITCHYARD_TODAY;
      else process.env.SWITCHYARD_TODAY = day;
    });

    test.each([
      ['dev', { port: 4000, mock: true, replicas: 1 }],
      ['prod', { port: 4100, mock: false, replicas: 2 }],
    ])('gives the settings of %s with their defaults', (stack, settings) => {
      process.env.SWITCHYARD_TODAY = RELEASE_DAY;
      const { inputs } = withFixtures((root) => stackInputs(stack, root));
      expect(inputs?.settings).toMatchObject({ stack, ...settings });
    });
  });

  test.each(readdirSync(ROOT).filter(stackOfFile))(
    '%s of the checkout is read, whatever its settings are',
    async (file) => {
      const stack = file.slice('Pulumi.'.length, -'.yaml'.length);
      expect(await stackSettings(stack)).toMatchObject({ stack, port: expect.any(Number) });
    },
  );

  test('that does not exist has no port', async () => {
    await expect(stackSettings('no-such-stack')).rejects.toThrow(/Pulumi\.no-such-stack\.yaml.*port/);
  });
});

describe('a copy without secrets', () => {
  test('keeps everything else, comments included', () => {
    const { text, secrets } = withoutSecrets(FILE, 'Pulumi.dev.yaml');
    expect(secrets).toEqual(['GROQ_API_KEY', 'OPENAI_API_KEY_2']);
    expect(text).not.toMatch(/encryptionsalt|v1:abc|v1:ghi/);
    expect(text).toMatch(/^# a comment\nconfig:\n {2}switchyard:port: 4000\n {2}mock: true\n/);
  });

  test.each(['', '# nothing yet\n', 'encryptionsalt: v1:x\n'])(
    'of a file without settings has none: %j',
    (text) => {
      const { text: rest, secrets } = withoutSecrets(text, 'Pulumi.dev.yaml');
      expect(secrets).toEqual([]);
      expect(rest).not.toContain('v1:x');
    },
  );

  test('has placeholders that match no key pattern', () => {
    expect(placeholderOf('OPENAI_API_KEY_2')).toBe('preview-value-of-openai-api-key-2');
  });
});
