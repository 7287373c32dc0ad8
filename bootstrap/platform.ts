import { UserError } from '../console/errors.ts';
import { OFFICIAL_DOWNLOADS } from './pulumi-archives.ts';

/** This machine's platform, as release file names spell it. */
export function platformNames(): { os: string; arch: string; goArch: string } {
  const arch = process.arch;
  if ((process.platform !== 'linux' && process.platform !== 'darwin') || (arch !== 'x64' && arch !== 'arm64'))
    throw new UserError(`there are no Pulumi downloads for ${process.platform} on ${arch}`, {
      allowed: 'Linux or macOS on x64 or arm64',
      command: 'install Pulumi yourself and put it on PATH: see https://www.pulumi.com/docs/install/',
    });
  return { os: process.platform, arch, goArch: arch === 'x64' ? 'amd64' : 'arm64' };
}

/** The address of a project's official downloads, or of the mirror that an environment variable sets. */
export function mirror(name: 'pulumi'): string {
  const address = { pulumi: process.env.SWITCHYARD_PULUMI_MIRROR || OFFICIAL_DOWNLOADS }[name];
  return address.replace(/\/+$/, '');
}
