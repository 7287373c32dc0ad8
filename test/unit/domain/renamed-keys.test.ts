/** Old names of keys in a user's files: read with one warning each, and an error where both names are given. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { catalogSchema, modelSchema, providerSchema } from '../../../domain/schema/catalog-schema.ts';
import {
  currentSettingName,
  RENAMED_CATALOG_KEYS,
  RENAMED_SETTINGS,
} from '../../../domain/schema/renamed-keys.ts';
import { renderEdge } from '../../../domain/render/haproxy.ts';
import { settingsSchema } from '../../../domain/schema/settings-schema.ts';
import { readRawConfig } from '../../../engine/stack-settings.ts';
import { fixture, RELEASE_DAY, withFixtures } from '../../../sandbox/fixtures.ts';
import { loadCheckedInputs } from '../../../preview/preview-checks.ts';
import { asPulumi } from './as-pulumi.ts';
import { SMALL } from './small.ts';

/** SMALL with lines added below a line of it. */
function withLines(...additions: [below: string, line: string][]): string {
  return additions.reduce((text, [below, line]) => {
    expect(text.split(`${below}\n`)).toHaveLength(2);
    return text.replace(`${below}\n`, `${below}\n${line}\n`);
  }, SMALL);
}

const [OPENAI, GROQ, BIG] = ['    name: OpenAI', '    name: Groq', '    model: gpt-5.6'];

function settingsOf(lines: string) {
  const text = `config:\n  switchyard:port: 4000\n${lines}`;
  return parseSettings({ ...asPulumi(text), stack: 'dev', file: { path: 'Pulumi.dev.yaml', text } });
}

describe('a catalogue', () => {
  test('with old names is read as with the present ones, with one warning for each name', () => {
    const { catalog, problems } = parseCatalog(
      withLines(
        [OPENAI, '    keysAt: https://one.example/keys'],
        [GROQ, '    keysAt: https://two.example/keys'],
        [BIG, '    unknown: a reason'],
      ),
      'c.yaml',
    );
    expect(formatProblems(problems))
      .toBe(`c.yaml:4:5 warning: providers.openai.keysAt: "keysAt" was renamed to "keyUrl" (2 uses in this file); the old name is still read
    rename it to "keyUrl"
c.yaml:28:5 warning: models.big.unknown: "unknown" was renamed to "notInPriceMap"; the old name is still read
    rename it to "notInPriceMap"`);
    const present = parseCatalog(
      withLines(
        [OPENAI, '    keyUrl: https://one.example/keys'],
        [GROQ, '    keyUrl: https://two.example/keys'],
        [BIG, '    notInPriceMap: a reason'],
      ),
      'c.yaml',
    );
    expect(present.problems).toEqual([]);
    expect(present.catalog?.providers.groq?.keyUrl).toBe('https://two.example/keys');
    expect(present.catalog?.models.big?.notInPriceMap).toBe('a reason');
    expect(catalog).toEqual(present.catalog);
  });

  test('with both names is refused', () => {
    const { catalog, problems } = parseCatalog(
      withLines([BIG, '    unknown: one\n    notInPriceMap: two']),
      'c.yaml',
    );
    expect(formatProblems(problems))
      .toBe(`c.yaml:26:5 models.big.unknown: "unknown" is the old name of "notInPriceMap", and both are given
    remove "unknown"`);
    expect(catalog).toBeUndefined();
  });

  test('a wrong value under an old name is reported with its position and the name in the file', () => {
    const { problems } = parseCatalog(withLines([OPENAI, '    keysAt: one.example']), 'c.yaml');
    expect(formatProblems(problems))
      .toBe(`c.yaml:4:13 providers.openai.keysAt: found "one.example"; expected a URL: http(s)://host/path, without user, query or fragment
c.yaml:4:5 warning: providers.openai.keysAt: "keysAt" was renamed to "keyUrl"; the old name is still read
    rename it to "keyUrl"`);
  });

  test('the same word elsewhere is not an old name', () => {
    const text = withLines(['defaults:', '  unknown: 1']).replaceAll('big', 'unknown');
    expect(formatProblems(parseCatalog(text, 'c.yaml').problems)).toBe(
      'c.yaml:42:3 defaults.unknown: unknown key; allowed here: timeout, maxParallel',
    );
  });
});

describe('settings', () => {
  test('with old names are read as with the present ones, with one warning for each name', () => {
    const { settings, problems } = settingsOf(`  switchyard:holdSeconds: 7
  switchyard:portkey:
    mode: local
    lastResort: true
`);
    expect(formatProblems(problems))
      .toBe(`Pulumi.dev.yaml:3:3 warning: config.switchyard:holdSeconds: "holdSeconds" was renamed to "queueTimeoutSeconds"; the old name is still read
    rename it to "queueTimeoutSeconds"
Pulumi.dev.yaml:6:5 warning: config.switchyard:portkey.lastResort: "lastResort" was renamed to "defaultFallback"; the old name is still read
    rename it to "defaultFallback"`);
    const present = settingsOf(`  switchyard:queueTimeoutSeconds: 7
  switchyard:portkey: { mode: local, defaultFallback: true }
`);
    expect(present.problems).toEqual([]);
    expect(present.settings).toMatchObject({ queueTimeoutSeconds: 7, portkey: { defaultFallback: true } });
    expect(settings).toEqual(present.settings);
  });

  test('with both names are refused', () => {
    const { settings, problems } = settingsOf(`  switchyard:queueTimeoutSeconds: 7
  switchyard:holdSeconds: 8
  switchyard:portkey: { mode: local, lastResort: false, defaultFallback: true }
`);
    expect(formatProblems(problems))
      .toBe(`Pulumi.dev.yaml:4:3 config.switchyard:holdSeconds: "holdSeconds" is the old name of "queueTimeoutSeconds", and both are given
    remove "holdSeconds"
Pulumi.dev.yaml:5:38 config.switchyard:portkey.lastResort: "lastResort" is the old name of "defaultFallback", and both are given
    remove "lastResort"`);
    expect(settings).toBeUndefined();
  });

  test('a wrong value under an old name is reported with its position and the command for the name in the file', () => {
    const { problems } = settingsOf('  switchyard:holdSeconds: 0\n');
    expect(formatProblems(problems))
      .toBe(`Pulumi.dev.yaml:3:27 config.switchyard:holdSeconds: found 0; expected a whole number of seconds from 1 to 600
    pulumi config set holdSeconds … --stack dev
Pulumi.dev.yaml:3:3 warning: config.switchyard:holdSeconds: "holdSeconds" was renamed to "queueTimeoutSeconds"; the old name is still read
    rename it to "queueTimeoutSeconds"`);
  });

  test('a misspelt setting does not count as an old name', () => {
    const { problems } = settingsOf('  switchyard:holdSecond: 7\n');
    expect(problems).toMatchObject([{ severity: 'error', line: 3, column: 3 }]);
    expect(problems[0]?.message).toContain('unknown setting');
  });
});

test('every current name is in its schema, and no old one is', () => {
  const models = ['models', '*'];
  for (const { parent, oldName, newName } of RENAMED_CATALOG_KEYS) {
    const { shape } = parent.join() === models.join() ? modelSchema : providerSchema;
    expect(Object.keys(catalogSchema.shape)).toContain(parent[0]);
    expect(Object.keys(shape)).toContain(newName);
    expect(Object.keys(shape)).not.toContain(oldName);
  }
  const { portkey } = settingsSchema.shape;
  for (const { parent, oldName, newName } of RENAMED_SETTINGS) {
    const known =
      parent.length === 0 ? Object.keys(settingsSchema.shape) : Object.keys(portkey.unwrap().shape);
    expect(known).toContain(newName);
    expect(known).not.toContain(oldName);
  }
  expect(currentSettingName('holdSeconds')).toBe('queueTimeoutSeconds');
});

test('preview shows the warnings of both files like any others, and deploys the same', () => {
  withFixtures((root) => {
    const check = (catalogue: string, setting: string) => {
      writeFileSync(join(root, 'config-templates/catalog.yaml'), catalogue);
      writeFileSync(
        join(root, 'Pulumi.dev.yaml'),
        `${fixture('Pulumi.dev.yaml')}  switchyard:${setting}: "9"\n`,
      );
      return loadCheckedInputs('dev', readRawConfig('dev', root), new Date(`${RELEASE_DAY}T12:00:00Z`), root);
    };
    const catalogue = fixture('catalog.yaml');
    const present = check(catalogue, 'queueTimeoutSeconds');
    const older = catalogue.replaceAll(' keyUrl:', ' keysAt:').replaceAll(' notInPriceMap:', ' unknown:');
    const old = check(older, 'holdSeconds');
    expect(old.inputs).toEqual(present.inputs);
    expect(old.inputs.settings.queueTimeoutSeconds).toBe(9);
    const more = old.warnings.filter((warning) => !present.warnings.includes(warning));
    expect(more.map((warning) => warning.split('\n')[0])).toEqual([
      expect.stringMatching(/^Pulumi\.dev\.yaml:\d+:3 .*"holdSeconds" was renamed to "queueTimeoutSeconds"/),
      expect.stringMatching(
        /^config-templates\/catalog\.yaml:\d+:5 .*"keysAt" was renamed to "keyUrl" \(10 uses/,
      ),
      expect.stringMatching(
        /^config-templates\/catalog\.yaml:\d+:5 .*"unknown" was renamed to "notInPriceMap" \(3/,
      ),
    ]);
  });
});

test("the edge's templates of an earlier release are still filled in", () => {
  const content =
    '${holdSeconds} ${gatewayPlaces} ${noKey} ${keptConnections} ${edgeSockets} ${allConnections}';
  const names =
    '${queueTimeoutSeconds} ${serverSlots} ${invalidKeyMessage} ${keepAliveConnections} ${maxSockets} ${maxConnections}';
  const render = (text: string) =>
    renderEdge({ queueTimeoutSeconds: 45, maxBodyMb: 3, cors: { origins: [] } }, [
      { path: 'front.cfg', content: text },
    ]);
  expect(render(content)).toEqual(render(names));
  expect(render(content)[0]?.content).toMatch(/^45 \d+ Missing/);
});
