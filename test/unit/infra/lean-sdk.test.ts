/** What infra/lean-sdk.ts keeps the SDK from loading is still there when it is needed. */
import { execaSync } from 'execa';
import { ROOT } from '../../../console/home-paths.ts';

/** In a process of its own, since jest has its own module cache. */
const PROGRAM = `
  await import('./infra/lean-sdk.ts');
  const pulumi = await import('@pulumi/pulumi');
  const { createRequire } = await import('node:module');
  const modules = Object.keys(createRequire(import.meta.url).cache).length;
  const { text } = await pulumi.runtime.serializeFunction((a) => a + 1);
  const mapped = Error.prepareStackTrace !== undefined;
  console.log(JSON.stringify({ modules, serialized: text.includes('a + 1'), mapped }));`;

test('the SDK is loaded without compiler and Arborist; functions can still be serialized, and stack traces are not mapped', () => {
  const result = execaSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { cwd: ROOT });
  const { modules, ...rest } = JSON.parse(result.stdout) as Record<string, number | boolean>;
  expect(rest).toEqual({ serialized: true, mapped: false });
  // The whole SDK has about 770 modules, 450 of them Arborist's.
  expect(modules).toBeLessThan(450);
});
