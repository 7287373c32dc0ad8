/** The one place that knows toolchain/: engine and plugins built here, for machines that cannot reach Pulumi's downloads. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';

/** What is used of it. Written down here, since a copy of Switchyard may come without that folder. */
interface Toolchain {
  ensureToolchain: (options: {
    home: string;
    onProgress?: (line: string) => void;
  }) => Promise<{ path: string[] }>;
  verify: (options: { home: string; deep: boolean }) => Promise<string[]>;
}

const FILE = join(ROOT, 'toolchain', 'build.ts');

/** Whether this copy has it. */
export function hasToolchain(): boolean {
  return existsSync(FILE);
}

/**
 * Loads it.
 *
 * @throws UserError where this copy has none.
 */
export async function toolchain(): Promise<Toolchain> {
  if (!hasToolchain())
    throw new UserError(
      'Pulumi is neither installed nor to be downloaded, and there is no toolchain/ to build it',
      {
        where: FILE,
        command: 'install Pulumi: https://www.pulumi.com/docs/install/',
      },
    );
  return (await import(pathToFileURL(FILE).href)) as Toolchain;
}
