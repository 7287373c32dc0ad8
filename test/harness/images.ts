/** The images of this tree's containers, for tests without a stack. */
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

/** On an empty cache the gateway's takes minutes. */
export const IMAGE_MS = 900_000;

/**
 * Builds an image, or finds it built, and returns its name. The name is the tests' own: the image has the content of the stacks' images,
 * and without a name of its own it would go with the last of them, from under a test that runs at the same time.
 */
export async function imageOf(role: 'gateway' | 'edge'): Promise<string> {
  const name = `switchyard-test-${role}:unit`;
  await execa('docker', ['build', '--quiet', '--tag', name, join(ROOT, `runtimes/${role}/image`)]);
  return name;
}
