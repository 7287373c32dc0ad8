import { existsSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import type { Reporter } from '../console/reporter.ts';

/** Whether this process may install packages and start daemons. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether this is Debian, Ubuntu or a distribution derived from them. */
export function isDebianLike(release = '/etc/os-release'): boolean {
  if (!existsSync(release)) return false;
  const fields = new Map(
    readFileSync(release, 'utf8')
      .split('\n')
      .map((line) => line.split('='))
      .map(([key, value]) => [key, value?.replaceAll('"', '')]),
  );
  return `${fields.get('ID')} ${fields.get('ID_LIKE') ?? ''}`
    .split(' ')
    .some((id) => id === 'debian' || id === 'ubuntu');
}

/** Installs Debian packages without prompts. Packages that are installed already are not changed. */
export async function installPackages(names: readonly string[], reporter: Reporter): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };
  // Another apt may be running, such as the machine's unattended upgrades: wait for it.
  const options = [
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'Acquire::http::Timeout=10',
    '-o',
    'Acquire::https::Timeout=10',
  ];
  await reporter.step(`installing ${names.join(' and ')} (apt-get)`, async () => {
    for (const args of [
      ['update', '-q'],
      ['install', '-yq', ...names],
    ]) {
      const done = await execa('apt-get', [...options, ...args], { env, reject: false, all: true });
      if (done.exitCode === 0 || args[0] === 'update') continue;
      const errors = done.all.split('\n').filter((line) => /^E: /.test(line));
      throw new UserError(`apt-get could not install ${names.join(' and ')}`, {
        found: errors.join(' | ') || done.all.trim().split('\n').slice(-2).join(' | '),
        command: `apt-get update && apt-get install ${names.join(' ')}`,
      });
    }
  });
}
