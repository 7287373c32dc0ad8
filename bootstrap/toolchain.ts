/** The only module that loads toolchain/: engine and plugins built on this machine, for when Pulumi's downloads cannot be reached. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';

/** The functions used of it. Declared here, since a copy of Switchyard may come without that folder. */
interface Toolchain {
  ensureToolchain: (options: {
    home: string;
    onProgress?: (line: string) => void;
  }) => Promise<{ path: string[] }>;
  verify: (options: { home: string; deep: boolean }) => Promise<string[]>;
}

const FILE = join(ROOT, 'toolchain', 'build.ts');

/** Whether this copy of Switchyard has toolchain/. */
export function hasToolchain(): boolean {
  return existsSync(FILE);
}

/**
 * Loads toolchain/.
 *
 * @throws UserError if this copy has none.
 */
export async function toolchain(): Promise<Toolchain> {
  if (!hasToolchain())
    throw new UserError(
      'Pulumi is not installed and cannot be downloaded, and there is no toolchain/ to build it',
      {
        where: FILE,
        command: 'install Pulumi: https://www.pulumi.com/docs/install/',
      },
    );
  return (await import(pathToFileURL(FILE).href)) as Toolchain;
}
