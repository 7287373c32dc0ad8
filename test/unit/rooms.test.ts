/** The doors between the rooms hold: an import against the drawing is found. Planted into a small tree of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = resolve(import.meta.dirname, '../..');
/** Of each room those that it may import. Plain JavaScript, without types. */
const { DOORS } = (await import(join(ROOT, '.dependency-cruiser.js'))) as { DOORS: Record<string, string[]> };

/** What is planted: a file, what it imports (or the whole statement), and the rule that forbids it; none where it is allowed. */
const PLANTED: [file: string, imports: string, rule: string | undefined][] = [
  ['cli/command.ts', '../engine/run.ts', undefined],
  ['engine/run.ts', '../domain/read/reader.ts', undefined],
  ['domain/read/reader.ts', '../schema/shape.ts', undefined],
  ['runtimes/gateway/test/hook.test.ts', '../../../sandbox/fake.ts', undefined],
  ['domain/plan/planner.ts', '../../infra/part.ts', 'door-of-domain'],
  ['domain/schema/upward.ts', '../read/reader.ts', 'floor-of-schema'],
  ['domain/plan/text.ts', 'yaml', undefined],
  ['domain/render/file.ts', 'node:fs', 'domain-is-pure'],
  ['domain/render/lookup.ts', 'node:dns/promises', 'domain-is-pure'],
  ['domain/render/resource.ts', '@pulumi/pulumi', 'domain-is-pure'],
  ['domain/render/run.ts', 'execa', 'domain-is-pure'],
  ['infra/catalogue.ts', '../domain/schema/shape.ts', 'door-of-infra'],
  ['stacks/program.ts', '../engine/run.ts', 'door-of-stacks'],
  ['client/writer.ts', '../cli/command.ts', 'door-of-client'],
  ['bootstrap/engine.ts', '../engine/run.ts', 'door-of-bootstrap'],
  ['engine/early.ts', '../preview/changes.ts', 'door-of-engine'],
  ['engine/typed.ts', "import type { value } from '../preview/changes.ts'", 'door-of-engine'],
  ['engine/later.ts', "await import('../preview/changes.ts')", 'door-of-engine'],
  ['engine/handed-on.ts', "export * from '../preview/changes.ts'", 'door-of-engine'],
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
  ...Object.keys(DOORS).map((room) => `${room}/plain.ts`),
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
    for (const [file, imports] of PLANTED) {
      const statement = imports.includes(' ') ? imports : `import '${imports}'`;
      put(file, `${statement};\nexport const value = 1;\n`);
    }
    const all = Object.keys(DOORS).map((room) => `import '../${room}/plain.ts';\n`);
    for (const room of Object.keys(DOORS)) put(`${room}/everything.ts`, all.join(''));
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

  test.each(Object.entries(DOORS))('%s may import itself, %j, and no other room', (room, allowed) => {
    const refused = violations
      .filter(({ from, rule }) => from === `${room}/everything.ts` && rule.name === `door-of-${room}`)
      .map(({ to }) => dirname(to));
    expect(refused.sort()).toEqual(
      Object.keys(DOORS)
        .filter((one) => one !== room && !allowed.includes(one))
        .sort(),
    );
  });
});

describe('the drawing', () => {
  const table = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  /** The rows of the table: a room, and what it may import. */
  const rows = [...table.matchAll(/^\| `(\w+)\/` \|.*\| ([^|]*) \|$/gm)]
    .map(([, room, may]): [string, string] => [room!, may!])
    .filter(([room]) => room in DOORS);

  /** What a cell of it says. */
  function roomsOf(may: string, before: string[]): string[] {
    if (may === 'nothing of ours') return [];
    const [, but] = /^all of the above but (\w+)$/.exec(may) ?? [];
    return but === undefined ? may.split(', ') : before.filter((one) => one !== but);
  }

  test('shows every room', () => {
    expect(rows.map(([room]) => room).sort()).toEqual(Object.keys(DOORS).sort());
  });

  test.each(rows)('%s may import: %s', (room, may) => {
    const before = rows
      .slice(
        0,
        rows.findIndex(([one]) => one === room),
      )
      .map(([one]) => one);
    expect(roomsOf(may, before).sort()).toEqual([...DOORS[room]!].sort());
  });
});
