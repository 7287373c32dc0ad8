import { expect, test } from '@jest/globals';
import { smokeText } from '../../../cli/smoke.ts';
import type { SmokeRow } from '../../../client/smoke-rows.ts';
import { widthOf } from '../../../console/wrap.ts';

const COMMAND = 'pulumi config set --secret TOGETHER_API_KEY --stack dev';
const ROWS = [
  { layer: 2, provider: 'litellm', model: 'mock', ok: true, ms: 12, reason: '' },
  { layer: 1, provider: 'together-direct', model: 'meta/m', ok: null, ms: 0, reason: `skipped: TOGETHER_API_KEY is not set; ${COMMAND}` },
] as SmokeRow[]; // prettier-ignore

test('at 60 columns each block is headed by its target, every value has a name, and no command is broken', () => {
  const lines = smokeText(ROWS, 60).split('\n');
  expect(lines.filter((line) => !line.startsWith(' '))).toEqual(['litellm/mock', 'together-direct/meta/m']);
  const names = lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim().split(/\s+/)[0]);
  expect(names).toEqual(['layer', 'result', 'ms', 'layer', 'result', 'note']);
  expect(lines.map((line) => line.trim())).toContain(COMMAND);
  expect(lines.filter((line) => widthOf(line) > 60)).toEqual([]);
});

test('where it fits it is a table, with a heading for each column', () => {
  expect(smokeText(ROWS, Infinity).split('\n')[0]).toMatch(/^target +layer +result +ms +note$/);
});
