/** Checks that the table of environment variables is complete, and lists no variable that nothing reads or sets. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { execaSync } from 'execa';

const TABLE = 'docs/environment.md';
const NAME = /(?<![A-Z_$])(?:SWITCHYARD|PULUMI)_[A-Z][A-Z_0-9]*/g;
/** Product, launcher, workflows, containers and tests; not the documentation. */
const CODE = /^(?!docs\/|README|CONTRIBUTING|LICENSE|.*\.md$|package-lock)/;

function namesIn(text: string): string[] {
  return text.match(NAME) ?? [];
}

/** Every variable name in the code, with a file that contains it. */
function inCode(): Map<string, string> {
  const files = execaSync('git', ['ls-files', '--cached', '--others', '--exclude-standard']).stdout.split(
    '\n',
  );
  const own = files.filter((file) => CODE.test(file) && file !== 'test/unit/environment.test.ts');
  return new Map(own.flatMap((file) => namesIn(read(file)).map((name): [string, string] => [name, file])));
}

/** The file's text; empty if the file was removed and that is not committed yet. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The names in the first column of the tables. */
const documented = new Set(
  readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => namesIn(line.split('|')[1] ?? '')),
);

test(`every variable in the code is in ${TABLE}`, () => {
  const missing = [...inCode()].filter(([name]) => !documented.has(name));
  expect(missing).toEqual([]);
});

test(`every variable in ${TABLE} is in the code`, () => {
  const found = inCode();
  expect([...documented].filter((name) => !found.has(name))).toEqual([]);
});

test.each(['SWITCHYARD_HOME', 'SWITCHYARD_NODE_MIRROR', 'PULUMI_BACKEND_URL', 'SWITCHYARD_SEED'])(
  '%s, from program, launcher or tests, is found by this test',
  (name) => expect(inCode().has(name)).toBe(true),
);
