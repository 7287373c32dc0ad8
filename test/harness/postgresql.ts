/** A PostgreSQL server for tests: Debian's packages, downloaded and unpacked into a folder of their own. Nothing is installed on the machine. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { installed } from './real-clients.ts';

/** The server, and the libraries that it needs and the image of the gateway does not have. Both are of Debian 12. */
const PACKAGES = ['postgresql-15', 'libpq5', 'libicu72', 'libxml2', 'libldap-2.5-0', 'libsasl2-2'];

/** The folder with the server's `usr`, or why there is none. */
export async function postgresqlServer(): Promise<{ folder: string } | { missing: string }> {
  try {
    return { folder: await installed('postgresql-15', [], unpack) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { missing: `PostgreSQL cannot be downloaded: ${message.split('\n').slice(0, 3).join(' ')}` };
  }
}

/** apt checks the signatures of what it downloads. */
async function unpack(folder: string): Promise<void> {
  await execa('apt-get', ['download', '-q', ...PACKAGES], { cwd: folder });
  for (const file of readdirSync(folder)) {
    await execa('dpkg', ['-x', join(folder, file), folder]);
    rmSync(join(folder, file));
  }
  // mkdtemp makes a folder that only its owner can enter, and dpkg gives it the mode of a package's root.
  await execa('chmod', ['0755', folder]);
}
