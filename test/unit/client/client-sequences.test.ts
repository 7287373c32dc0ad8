/**
 * Random sequences of connect, up, rotate, down and off over two stacks, with a user's edits between them, on real files. After each step
 * the files contain exactly what the user wrote and what the owning stack wants, and nothing of the other stack.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SOAK } from '../../harness/soak.ts';
import { type Edit, edits, type Step, steps, Walk } from '../../harness/client-walk.ts';
import '../../seed.ts';

const root = mkdtempSync(join(tmpdir(), 'switchyard-sequences-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sequence = fc.tuple(edits, fc.array(fc.oneof(steps, edits), { minLength: 2, maxLength: 10 }));

test(
  'any sequence of commands and edits leaves what the user wrote, and what the owning stack wants',
  async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(sequence, async ([first, rest]: [Edit, (Step | Edit)[]]) => {
        const walk = new Walk(join(root, String(count++)));
        await walk.take(first);
        for (const step of rest) {
          await walk.take(step);
          walk.verify();
        }
        await walk.take({ kind: 'off' });
        walk.verify();
        walk.remove();
      }),
      { numRuns: SOAK ? 1000 : 15 },
    );
  },
  10 * 60_000,
);

test('the files are as they were after connect and off, byte for byte', async () => {
  const dir = join(root, 'bytes');
  const walk = new Walk(dir);
  const texts: Record<string, string> = {
    'opencode.json':
      '// mine\n{ "theme": "dark", /* why */ "mcp": {"a": {"type": "local"}},\n\t"disabled_providers": [ "x" // too dear\n ], }\n',
    'auth.json': '{"anthropic":{"type":"oauth","refresh":"r"}}',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text, { mode: 0o600 });
  await walk.take({ kind: 'connect', stack: 'dev' });
  await walk.take({ kind: 'connect', stack: 'prod' });
  await walk.take({ kind: 'off' });
  expect(readFileSync(join(dir, 'opencode.json'), 'utf8')).toBe(texts['opencode.json']);
  expect(JSON.parse(readFileSync(join(dir, 'auth.json'), 'utf8'))).toEqual(JSON.parse(texts['auth.json']!));
  expect(readdirSync(dir).sort()).toEqual(['auth.json', 'opencode.json', 'switchyard-client.json']);
  expect(JSON.parse(readFileSync(join(dir, 'switchyard-client.json'), 'utf8'))).toEqual({
    version: 3,
    off: true,
  });
  expect(statSync(join(dir, 'auth.json')).mode & 0o777).toBe(0o600);
});
