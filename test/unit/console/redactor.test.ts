import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { redactor, MIN_SECRET_LENGTH } from '../../../console/redactor.ts';

test('replaces the longest secret first, and keeps texts too short for a key', () => {
  const clean = redactor(['12345678', 'x12345678', '1234567']);
  expect(clean('x12345678 12345678 1234567')).toBe('[key] [key] 1234567');
});

test.each(['runtimes/gateway/image/programs', 'runtimes/portkey/image'])(
  '%s: its redactors have the same bound, stated once',
  (folder) => {
    const language = folder.startsWith('runtimes/gateway') ? 'py' : 'mjs';
    const stated = ['decode', 'redact'].flatMap((name) => {
      const text = readFileSync(join(ROOT, folder, `${name}.${language}`), 'utf8');
      expect(text).toMatch(/import.*(?:is_searched_for|isSearchedFor)|MIN_KEY_LENGTH = /);
      return [...text.matchAll(/MIN_KEY_LENGTH = (\d+)/g)].map(([, bound]) => Number(bound));
    });
    expect(stated).toEqual([MIN_SECRET_LENGTH]);
  },
);
