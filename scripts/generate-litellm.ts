/** Extracts facts from a LiteLLM release: the content of generated files. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';

/** The generated files, each with the script that prints it. */
export const LITELLM_FILES = {
  'domain/facts/litellm.generated.json': 'litellm_facts.py',
  'runtimes/gateway/image/programs/litellm_names.generated.json': 'litellm_names.py',
} as const;

/** Where to find the release: in an image, in a folder with the unpacked package, or in the package index. */
export type LitellmOrigin = { image: string } | { folder: string } | { version: string };

/**
 * Runs one of the scripts.
 *
 * @returns the text of its file.
 * @throws UserError if the release cannot be installed.
 */
export async function litellmFactsText(
  origin: LitellmOrigin,
  script: string = LITELLM_FILES['domain/facts/litellm.generated.json'],
): Promise<string> {
  const path = join(import.meta.dirname, script);
  if ('image' in origin) {
    // The image's own Python runs the script; LiteLLM itself is not started.
    const python = 'exec /opt/litellm/bin/python - /opt/litellm/lib/python3*/site-packages';
    const run = ['run', '--rm', '-i', '--network', 'none', '--entrypoint', 'sh', origin.image, '-c', python];
    return (await execa('docker', run, { inputFile: path, stripFinalNewline: false })).stdout;
  }
  if ('folder' in origin)
    return (await execa('python3', [path, origin.folder], { stripFinalNewline: false })).stdout;
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-litellm-'));
  try {
    const name = `litellm==${origin.version}`;
    await execa('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--target',
      folder,
      name,
    ]);
    return await litellmFactsText({ folder }, script);
  } catch (error) {
    throw new UserError(`cannot install LiteLLM ${origin.version} from the package index`, {
      cause: error,
      command: 'npm run generate -- --image <an image with LiteLLM>',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The LiteLLM version in the lock file of the gateway's image.
 *
 * @throws UserError if there is none.
 */
export async function lockedVersion(lockFile: string): Promise<string> {
  const [, version] = /^litellm(?:\[[^\]]*\])?==([\d.]+)/m.exec(await readFile(lockFile, 'utf8')) ?? [];
  if (version === undefined) throw new UserError('no LiteLLM in the lock file', { where: lockFile });
  return version;
}
