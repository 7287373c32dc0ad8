import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { BASE_IMAGE } from '../../../infra/docker-names.ts';

test('every Dockerfile on the base image uses the tag that bootstrap creates', () => {
  const named = globSync('runtimes/*/image/Dockerfile', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^ARG BASE=(.*)$/gm)].map(([, tag]) => [file, tag]),
  );
  expect(named.length).toBeGreaterThanOrEqual(3);
  for (const [file, tag] of named) expect([file, tag]).toEqual([file, BASE_IMAGE]);
});
