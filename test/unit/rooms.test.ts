/** The rules for imports between folders: forbidden imports in a small generated tree are found. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = resolve(import.meta.dirname, '../..');
/** The folders that each folder may import. Plain JavaScript, without types. */
const { ALLOWED_IMPORTS } = (await import(join(ROOT, '.dependency-cruiser.js'))) as {
  ALLOWED_IMPORTS: Record<string, string[]>;
};

/** A file, what it imports (or the whole statement), and the rule that forbids it; undefined where it is allowed. */
const IMPORTS: [file: string, imports: string, rule: string | undefined][] = [
  ['cli/command.ts', '../engine/run.ts', undefined],
  ['engine/run.ts', '../domain/read/reader.ts', undefined],
  ['domain/read/reader.ts', '../schema/shape.ts', undefined],
  ['runtimes/gateway/test/hook.test.ts', '../../../sandbox/fake.ts', undefined],
  ['domain/plan/planner.ts', '../../infra/part.ts', 'imports-of-domain'],
  ['domain/schema/upward.ts', '../read/reader.ts', 'layer-of-schema'],
  ['domain/plan/text.ts', 'yaml', undefined],
  ['domain/render/file.ts', 'node:fs', 'domain-is-pure'],
  ['domain/render/lookup.ts', 'node:dns/promises', 'domain-is-pure'],
  ['domain/render/resource.ts', '@pulumi/pulumi', 'domain-is-pure'],
  ['domain/render/run.ts', 'execa', 'domain-is-pure'],
  ['infra/catalogue.ts', '../domain/schema/shape.ts', 'imports-of-infra'],
  ['stacks/program.ts', '../engine/run.ts', 'imports-of-stacks'],
  ['client/writer.ts', '../cli/command.ts', 'imports-of-client'],
  ['bootstrap/engine.ts', '../engine/run.ts', 'imports-of-bootstrap'],
  ['engine/early.ts', '../preview/changes.ts', 'imports-of-engine'],
  ['engine/typed.ts', "import type { value } from '../preview/changes.ts'", 'imports-of-engine'],
  ['engine/later.ts', "await import('../preview/changes.ts')", 'imports-of-engine'],
  ['engine/handed-on.ts', "export * from '../preview/changes.ts'", 'imports-of-engine'],
  ['keys/age.ts', '../preview/changes.ts', 'imports-of-keys'],
  ['bootstrap/offline.ts', '../toolchain/build.ts', 'only-bootstrap-imports-toolchain'],
  ['drills/borrowed.ts', '../test/harness/helper.ts', 'product-never-imports-test'],
  ['sandbox/borrowed.ts', '../runtimes/gateway/test/hook.test.ts', 'product-never-imports-test'],
  ['attic/old.ts', '../cli/command.ts', 'every-folder-is-listed'],
  ['preview/one.ts', './two.ts', 'no-cycle-of-files'],
  ['preview/two.ts', './one.ts', 'no-cycle-of-files'],
  ['domain/facts/there.ts', '../plan/back.ts', 'no-cycle-of-folders'],
  ['domain/plan/back.ts', '../facts/other.ts', 'no-cycle-of-folders'],
];
const FILES_WITHOUT_IMPORTS = [
  ...[
    'infra/part.ts',
    'domain/schema/shape.ts',
    'preview/changes.ts',
    'sandbox/fake.ts',
    'toolchain/build.ts',
  ],
  ...['test/harness/helper.ts', 'domain/facts/other.ts'],
  ...Object.keys(ALLOWED_IMPORTS).map((room) => `${room}/plain.ts`),
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
    for (const file of FILES_WITHOUT_IMPORTS) put(file, 'export const value = 1;\n');
    for (const [file, imports] of IMPORTS) {
      const statement = imports.includes(' ') ? imports : `import '${imports}'`;
      put(file, `${statement};\nexport const value = 1;\n`);
    }
    const all = Object.keys(ALLOWED_IMPORTS).map((room) => `import '../${room}/plain.ts';\n`);
    for (const room of Object.keys(ALLOWED_IMPORTS)) put(`${room}/everything.ts`, all.join(''));
    put('package.json', '{ "type": "module" }');
    for (const name of ['tsconfig.json', '.dependency-cruiser.js'])
      put(name, readFileSync(join(ROOT, name), 'utf8'));
    // dependency-cruiser looks for the compiler's package here.
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    const bin = join(ROOT, 'node_modules/.bin/depcruise');
    const { stdout } = await execa(
      process.execPath,
      [bin, '--config', '.dependency-cruiser.js', '--output-type', 'json', '.'],
      { cwd: dir, reject: false },
    );
    violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
  }, 120_000);

  test.each(IMPORTS)('%s imports %s: %s', (file, _, rule) => {
    const at = rule === 'no-cycle-of-folders' ? dirname(file) : file;
    // A cycle is reported once, from either end.
    const isCycle = rule?.startsWith('no-cycle') ?? false;
    const found = violations
      .filter(({ from, to }) => from === at || (isCycle && to === at))
      .map((one) => one.rule.name);
    if (rule === undefined) expect(found).toEqual([]);
    else expect(found).toContain(rule);
  });

  test.each(Object.entries(ALLOWED_IMPORTS))(
    '%s may import itself, %j, and no other folder',
    (room, allowed) => {
      const refused = violations
        .filter(({ from, rule }) => from === `${room}/everything.ts` && rule.name === `imports-of-${room}`)
        .map(({ to }) => dirname(to));
      expect(refused.sort()).toEqual(
        Object.keys(ALLOWED_IMPORTS)
          .filter((one) => one !== room && !allowed.includes(one))
          .sort(),
      );
    },
  );
});

describe('the table in docs/architecture.md', () => {
  const table = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  /** The rows of the table: a folder, and what it may import. */
  const rows = [...table.matchAll(/^\| `(\w+)\/` \|.*\| ([^|]*) \|$/gm)]
    .map(([, room, may]): [string, string] => [room!, may!])
    .filter(([room]) => room in ALLOWED_IMPORTS);

  /** The folders that a cell names. */
  function roomsOf(may: string, before: string[]): string[] {
    if (may === 'nothing of ours') return [];
    const [, except] = /^all of the above except (\w+)$/.exec(may) ?? [];
    return except === undefined ? may.split(', ') : before.filter((one) => one !== except);
  }

  test('has every folder', () => {
    expect(rows.map(([room]) => room).sort()).toEqual(Object.keys(ALLOWED_IMPORTS).sort());
  });

  test.each(rows)('%s may import: %s', (room, may) => {
    const before = rows
      .slice(
        0,
        rows.findIndex(([one]) => one === room),
      )
      .map(([one]) => one);
    expect(roomsOf(may, before).sort()).toEqual([...ALLOWED_IMPORTS[room]!].sort());
  });
});
