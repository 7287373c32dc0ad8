/** Checks of `npm run lint` beside the imports (rooms.test.ts), each with an example: dead code, the layout, a domain file that reads a clock. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { duplicateNames, oversizedFolders } from '../../scripts/check-layout.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'switchyard-layout-'));
afterAll(() => rmSync(dir, { recursive: true }));

const put = (file: string, text: string): void => {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
};
const run = (file: string, ...args: string[]) =>
  execa(process.execPath, [file, ...args], { cwd: dir, reject: false });

beforeAll(async () => {
  put('package.json', '{ "name": "example", "type": "module" }');
  for (const file of ['knip.json', 'scripts/check-layout.ts', 'console/home-paths.ts'])
    cpSync(join(ROOT, file), join(dir, file));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  put('cli/main.ts', "import { used } from '../domain/facts.ts';\nused();\n");
  put(
    'domain/facts.ts',
    'export const used = (): number => 1;\nexport const unused = 1;\nexport interface Unused { a: 1 }\n',
  );
  put('domain/dead.ts', 'export const value = 1;\n');
  put('infra/dead.ts', '// another file of this name\n');
  put('keys/long.ts', '// a line\n'.repeat(1000));
  await execa('git', ['init', '--quiet'], { cwd: dir });
});

test('knip finds the dead file and the dead exports, and no other exports', async () => {
  const { stdout, exitCode } = await run(join(ROOT, 'node_modules/knip/bin/knip.js'), '--reporter', 'json');
  expect(exitCode).toBe(1);
  const { issues } = JSON.parse(stdout) as { issues: Record<string, { name: string }[] & string>[] };
  const found = issues.map(({ file, files, exports, types }) => [
    `${file}`,
    (files ?? []).length,
    [...(exports ?? []), ...(types ?? [])].map(({ name }) => name),
  ]);
  expect(found).toContainEqual(['domain/dead.ts', 1, []]);
  expect(found).toContainEqual(['domain/facts.ts', 0, ['unused', 'Unused']]);
}, 120_000);

describe('the layout', () => {
  test('is checked; problems are reported with the files and the share', async () => {
    const { stderr, exitCode } = await run('scripts/check-layout.ts');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: dead\.ts: 2 files have this name: domain\/dead\.ts, infra\/dead\.ts\nerror: keys\/: [89]\d % of all lines outside of tests; 33 % are allowed$/,
    );
  });

  test('file names are unique, except for names that tools prescribe', () => {
    expect(duplicateNames(['cli/names.ts', 'infra/names.ts', 'a/Dockerfile', 'b/Dockerfile'])).toEqual([
      { name: 'names.ts', files: ['cli/names.ts', 'infra/names.ts'] },
    ]);
  });

  test('a folder with more than a third of the lines outside of tests is reported', () => {
    const lines = {
      'cli/a.ts': 40,
      'infra/b.ts': 30,
      'domain/c.ts': 30,
      'test/d.ts': 900,
      'infra/x/test/e.ts': 90,
    };
    expect(oversizedFolders(lines)).toEqual([{ folder: 'cli', share: 0.4 }]);
  });
});

describe('a domain file', () => {
  /**
   * The ESLint rules for the domain that a text breaks. Only these rules run, on JavaScript: with types ESLint takes eight seconds of
   * CPU.
   */
  async function rulesBroken(text: string): Promise<string[]> {
    const config = JSON.stringify(join(ROOT, 'eslint.config.js'));
    put(
      'eslint.config.js',
      `import all from ${config};
const block = all.find(({ files }) => files?.includes('domain/**/*.ts'));
export default [{ ...block, files: ['**/*.js'] }];`,
    );
    put('domain/example.js', text);
    const eslint = join(ROOT, 'node_modules/eslint/bin/eslint.js');
    const { stdout } = await run(eslint, '--format', 'json', 'domain/example.js');
    const [result] = JSON.parse(stdout) as { messages: { ruleId: string; line: number }[] }[];
    return result!.messages.map(({ ruleId, line }) => `${line} ${ruleId}`);
  }

  test('may use neither clock, environment, network nor random numbers', async () => {
    const text = [
      'export const given = new Date(0);',
      'export const today = new Date();',
      'export const now = Date.now();',
      'export const home = process.env.HOME;',
      "export const page = fetch('http://127.0.0.1');",
      'export const random = Math.random();',
      "import { createHash, randomBytes } from 'node:crypto';",
    ];
    expect(await rulesBroken(text.join('\n'))).toEqual([
      '2 no-restricted-syntax',
      '3 no-restricted-properties',
      '4 no-restricted-globals',
      '5 no-restricted-globals',
      '6 no-restricted-properties',
      '7 no-restricted-imports',
    ]);
  }, 120_000);
});
