/** Builds the base image from Debian's packages, for machines that cannot reach an image registry. Needs root on Debian or Ubuntu. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { installPackages } from './apt.ts';
import { writeHostCertificates } from './certificates.ts';
import { consumeStream } from './docker-stream.ts';
import type { Reporter } from '../console/reporter.ts';
import { inTempDir } from './temp-dir.ts';

/**
 * apt's sources with the update suites added. debootstrap writes the release suite only, but images built on this one need the security
 * updates too.
 *
 * @param written the sources.list that debootstrap wrote: one line, with the mirror that it used.
 */
export function withUpdates(written: string): string {
  const mirror = /^deb (?<url>\S+?)\/? bookworm /m.exec(written)?.groups?.url;
  if (mirror === undefined) return written;
  return `deb ${mirror} bookworm main
deb ${mirror} bookworm-updates main
deb ${mirror}-security bookworm-security main
`;
}

/** Image settings to set on import, since a file system tarball has none. */
const SETTINGS = ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["bash"]'];

async function makeRoot(
  rootfs: string,
  packages: readonly string[],
  reporter: Reporter,
  env: Record<string, string>,
): Promise<void> {
  const args = ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', rootfs];
  const made = await execa('debootstrap', args, { env, reject: false, all: true });
  if (made.exitCode !== 0)
    throw new UserError('Debian could not be bootstrapped', {
      where: 'debootstrap',
      found: made.all.trim().split('\n').slice(-2).join(' | '),
      allowed: 'a reachable Debian archive, or a reachable image registry',
    });
  await writeHostCertificates(join(rootfs, 'usr/local/share/ca-certificates'));
  const sources = join(rootfs, 'etc/apt/sources.list');
  await writeFile(sources, withUpdates(await readFile(sources, 'utf8')));
  const upgrade =
    'update-ca-certificates && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get upgrade -yq';
  const upgraded = await execa('chroot', [rootfs, 'sh', '-c', upgrade], { env, reject: false, all: true });
  if (upgraded.exitCode !== 0)
    reporter.progress(
      `warning: Debian's updates are missing in the base image (${upgraded.all.trim().split('\n').at(-1)})`,
    );
  await execa('chroot', [rootfs, 'apt-get', 'clean'], { env });
  await rm(join(rootfs, 'var/lib/apt/lists'), { recursive: true, force: true });
}

/** Bootstraps Debian and imports it without a tag. Returns the image's id. */
export async function bootstrapImage(
  docker: Docker,
  packages: string[],
  reporter: Reporter,
): Promise<string> {
  const missing = ['debootstrap', 'debian-archive-keyring'].filter(
    (name) => !existsSync(`/usr/share/doc/${name}`),
  );
  if (missing.length > 0) await installPackages(missing, reporter);
  return inTempDir('base-image', async (folder, env) => {
    const rootfs = join(folder, 'root');
    await makeRoot(rootfs, packages, reporter, env);
    const tar = execa('tar', ['-c', '--numeric-owner', '-C', rootfs, '.'], {
      env,
      encoding: 'buffer',
      buffer: false,
    });
    const events = await consumeStream(await docker.importImage(tar.stdout, { changes: SETTINGS }));
    await tar;
    const id = events.findLast((event) => event.status?.startsWith('sha256:'))?.status;
    if (!id) throw new UserError('Docker imported no base image');
    return id;
  });
}
