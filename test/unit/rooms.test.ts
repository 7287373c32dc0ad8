/** The doors between the rooms hold: an import against the drawing is found. Planted into a small tree of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { doubleNames, heavyFolders } from '../../scripts/check-layout.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What is planted: a file, what it imports, and the rule that forbids it; none where it is allowed. */
const PLANTED: [file: string, imports: string, rule: string | undefined][] = [
  ['cli/command.ts', '../engine/run.ts', undefined],
  ['engine/run.ts', '../domain/read/reader.ts', undefined],
  ['domain/read/reader.ts', '../schema/shape.ts', undefined],
  ['runtimes/gateway/test/hook.test.ts', '../../../sandbox/fake.ts', undefined],
  ['domain/plan/planner.ts', '../../infra/part.ts', 'door-of-domain'],
  ['domain/schema/upward.ts', '../read/reader.ts', 'floor-of-schema'],
  ['domain/render/file.ts', 'node:fs', 'domain-is-pure'],
  ['infra/catalogue.ts', '../domain/schema/shape.ts', 'door-of-infra'],
  ['stacks/program.ts', '../engine/run.ts', 'door-of-stacks'],
  ['client/writer.ts', '../cli/command.ts', 'door-of-client'],
  ['bootstrap/engine.ts', '../engine/run.ts', 'door-of-bootstrap'],
  ['engine/early.ts', '../preview/changes.ts', 'door-of-engine'],
  ['keys/age.ts', '../preview/changes.ts', 'door-of-keys'],
  ['bootstrap/offline.ts', '../toolchain/build.ts', 'only-bootstrap-knows-toolchain'],
  ['drills/borrowed.ts', '../test/harness/helper.ts', 'product-never-imports-test'],
  ['sandbox/borrowed.ts', '../runtimes/gateway/test/hook.test.ts', 'product-never-imports-test'],
  ['attic/old.ts', '../cli/command.ts', 'every-room-has-a-door'],
  ['preview/one.ts', './two.ts', 'no-circle-of-files'],
  ['preview/two.ts', './one.ts', 'no-circle-of-files'],
  ['domain/facts/there.ts', '../plan/back.ts', 'no-circle-of-folders'],
  ['domain/plan/back.ts', '../facts/other.ts', 'no-circle-of-folders'],
];
const PLAIN = [
  ...[
    'infra/part.ts',
    'domain/schema/shape.ts',
    'preview/changes.ts',
    'sandbox/fake.ts',
    'toolchain/build.ts',
  ],
  ...['test/harness/helper.ts', 'domain/facts/other.ts'],
];

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

describe('dependency-cruiser', () => {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-rooms-'));
  let violations: Violation[] = [];
  afterAll(() => rmSync(dir, { recursive: true }));

  beforeAll(async () => {
    const put = (file: string, text: string): void => {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), text);
    };
    for (const file of PLAIN) put(file, 'export const value = 1;\n');
    for (const [file, imports] of PLANTED) put(file, `import '${imports}';\nexport const value = 1;\n`);
    put('package.json', '{ "type": "module" }');
    for (const name of ['tsconfig.json', '.dependency-cruiser.js'])
      put(name, readFileSync(join(ROOT, name), 'utf8'));
    // The compiler's own package is looked for from here.
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    const bin = join(ROOT, 'node_modules/.bin/depcruise');
    const { stdout } = await execa(
      process.execPath,
      [bin, '--config', '.dependency-cruiser.js', '--output-type', 'json', '.'],
      { cwd: dir, reject: false },
    );
    violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
  }, 120_000);

  test.each(PLANTED)('%s imports %s: %s', (file, _, rule) => {
    const at = rule === 'no-circle-of-folders' ? dirname(file) : file;
    // A circle is told once, from either end.
    const circle = rule?.startsWith('no-circle') ?? false;
    const found = violations
      .filter(({ from, to }) => from === at || (circle && to === at))
      .map((one) => one.rule.name);
    if (rule === undefined) expect(found).toEqual([]);
    else expect(found).toContain(rule);
  });
});

describe('the layout', () => {
  test('one name is one file, but for the names that tools prescribe', () => {
    expect(doubleNames(['cli/names.ts', 'infra/names.ts', 'a/Dockerfile', 'b/Dockerfile'])).toEqual([
      { name: 'names.ts', files: ['cli/names.ts', 'infra/names.ts'] },
    ]);
  });

  test('no folder outside test/ has more than a third of the lines', () => {
    expect(heavyFolders({ 'cli/a.ts': 40, 'infra/b.ts': 30, 'domain/c.ts': 30, 'test/d.ts': 900 })).toEqual([
      { folder: 'cli', share: 0.4 },
    ]);
  });
});
