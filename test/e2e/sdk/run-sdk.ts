/** Runs the Python versions of the SDK calls. The SDKs are installed in their own folder, once per lock file. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The gateway for the calls of an SDK, and the headers of a client. */
export interface SdkTarget {
  /** The gateway, without a path. */
  url: string;
  key: string;
  /** Additional headers, like those of a client behind a browser or a company's proxy. */
  headers: Record<string, string>;
}

/** Runs `<name>.py` of this folder and returns its report. */
export async function pythonCalls(name: string, target: SdkTarget): Promise<Record<string, unknown>> {
  const { stdout } = await execa(await python(), [join(import.meta.dirname, `${name}.py`)], {
    env: {
      PATH: process.env.PATH ?? '',
      GATEWAY: target.url,
      GATEWAY_KEY: target.key,
      CLIENT_HEADERS: JSON.stringify(target.headers),
    },
    extendEnv: false,
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A Python with the SDKs of requirements.txt, each package checked against its hash. */
export async function python(): Promise<string> {
  const lock = join(import.meta.dirname, 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 12);
  const tools = join(process.env.SWITCHYARD_HOME ?? join(homedir(), '.switchyard'), 'tools');
  const packages = join(tools, `python-sdks-${version}`);
  if (!existsSync(packages)) {
    // Installed in another folder and then renamed, so that an interrupted installation never counts as complete.
    const fresh = mkdtempSync(`${packages}.`);
    try {
      await execa('python3', ['-m', 'venv', join(fresh, 'venv')]);
      const pip = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--require-hashes',
        '--only-binary',
        ':all:',
        '-r',
        lock,
      ];
      await execa(join(fresh, 'venv/bin/python'), pip);
      renameSync(fresh, packages);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    }
  }
  // After the rename the venv's python still finds its packages; its scripts have the old path.
  return join(packages, 'venv/bin/python');
}
