/** The images of this tree's containers, for tests without a stack. */
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

/** The timeout of a build: without cached layers the gateway's image takes minutes. */
export const IMAGE_MS = 900_000;

/**
 * Builds an image, from cached layers if possible, and returns its name. The name is separate from the stacks' images, which have the same
 * content: otherwise the image would be removed with the last stack while another test still uses it.
 */
export async function imageOf(role: 'gateway' | 'edge'): Promise<string> {
  const name = `switchyard-test-${role}:unit`;
  await execa('docker', ['build', '--quiet', '--tag', name, join(ROOT, `runtimes/${role}/image`)]);
  return name;
}
