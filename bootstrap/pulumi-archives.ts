/** The archives of Pulumi's releases, and the SHA-256 that each must have. */
import checksums from './pulumi-checksums.json' with { type: 'json' };

/** Where Pulumi's releases come from. */
export const OFFICIAL_DOWNLOADS = 'https://get.pulumi.com';

/** The command with which a maintainer rewrites {@link PINNED}. */
export const PIN_COMMAND = 'npm run pin-pulumi';

/** A platform, in the two spellings that Pulumi's file names use. */
export interface Platform {
  os: string;
  arch: string;
  goArch: string;
}

/** A plugin by its name and version. */
export interface Plugin {
  name: string;
  version: string;
}

/** An archive: its file name, and its path relative to the address of the releases. */
export interface Archive {
  file: string;
  path: string;
  /** The command with which users install the same themselves, without our checksum. */
  byHand?: string;
}

/** The archive of engine and language hosts. */
export function engineArchive(version: string, { os, arch }: Platform): Archive {
  const file = `pulumi-v${version}-${os}-${arch}.tar.gz`;
  return { file, path: `/releases/sdk/${file}` };
}

/** The archive of a provider's plugin. */
export function pluginArchive({ name, version }: Plugin, { os, goArch }: Platform): Archive {
  const file = `pulumi-resource-${name}-v${version}-${os}-${goArch}.tar.gz`;
  const byHand = `pulumi plugin install resource ${name} v${version}`;
  return { file, path: `/releases/plugins/${file}`, byHand };
}

/**
 * SHA-256 by file name. It is part of this repository, since a list from the same server as the archive proves nothing about it.
 * `npm run pin-pulumi` must be run whenever package-lock.json has other versions.
 */
export const PINNED: Record<string, string> = checksums;

/** This release of Switchyard has no checksum of an archive: it is not downloaded. */
export class NotPinned extends Error {
  constructor({ file, byHand }: Archive) {
    const commands = [PIN_COMMAND, ...(byHand ? [`or, without a checksum: ${byHand}`] : [])].join('; ');
    super(`${file} is not downloaded: its checksum is not pinned in bootstrap/pulumi-checksums.json (${commands})`); // prettier-ignore
    this.name = 'NotPinned';
  }
}

/**
 * The SHA-256 of an archive.
 *
 * @throws NotPinned if none is known.
 */
export function pinnedSha256(archive: Archive): string {
  const sha256 = Object.hasOwn(PINNED, archive.file) ? PINNED[archive.file] : undefined;
  if (sha256 === undefined) throw new NotPinned(archive);
  return sha256;
}
