/**
 * `npm run upgrade-litellm -- VERSION`: locks another release of LiteLLM for the gateway's image, with hashes, and extracts its facts.
 *
 *     npm run upgrade-litellm -- 1.107.0                              excludes packages published in the last 7 days
 *     npm run upgrade-litellm -- 1.107.0 --exclude-newer 2026-12-01   … after this day
 *
 * Needs Python 3 with pip and venv. Installs the resolver `uv` into Switchyard's folder. If it fails, it restores the files.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { dayOf, parseToday } from '../console/time-options.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { runScript } from './run-script.ts';

const IMAGE = join(ROOT, 'runtimes/gateway/image');
const REQUIREMENTS = 'requirements.in';
const LOCK = 'requirements.txt';

/** The resolver's version. It is pinned because another version may lock other packages for the same requirements. */
const UV_VERSION = '0.13.9';
const DAY_MS = 24 * 3600 * 1000;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { 'exclude-newer': { type: 'string' } },
  });
  const [version = ''] = positionals;
  if (!/^\d+\.\d+\.\d+$/.test(version) || positionals.length > 1)
    throw new UserError('which release of LiteLLM?', {
      found: positionals.join(' ') || 'none',
      allowed: 'a version such as 1.107.0',
      command: 'npm run upgrade-litellm -- 1.107.0',
    });
  const given = values['exclude-newer'];
  const until = given === undefined ? new Date(Date.now() - 7 * DAY_MS) : parseToday(given);
  const before = await Promise.all([REQUIREMENTS, LOCK].map((file) => readFile(join(IMAGE, file), 'utf8')));
  try {
    await writeFile(join(IMAGE, REQUIREMENTS), withVersion(before[0]!, version));
    await lock(dayOf(until));
    await execa(process.execPath, ['scripts/generate.ts'], { cwd: ROOT, stdio: 'inherit' });
  } catch (error) {
    await Promise.all(
      [REQUIREMENTS, LOCK].map((file, index) => writeFile(join(IMAGE, file), before[index]!)),
    );
    throw error;
  }
  process.stderr.write(
    `locked LiteLLM ${version}; next: git diff --stat, ./switchyard preview dev, npm test\n`,
  );
}

/** The requirements with another version of LiteLLM. */
function withVersion(text: string, version: string): string {
  const requirement = /^(litellm\[[^\]]*\]==)[\d.]+$/m;
  if (!requirement.test(text))
    throw new UserError(`no line litellm[…]==… in ${REQUIREMENTS}`, { where: join(IMAGE, REQUIREMENTS) });
  return text.replace(requirement, `$1${version}`);
}

/** Resolves the requirements for every platform. uv writes this command into the lock file. */
async function lock(until: string): Promise<void> {
  const uv = await installUv();
  const args = ['--universal', '--generate-hashes', '--python-version', '3.11', '--exclude-newer', until];
  // uv keeps the previous lock file's versions if the new release allows them, so there is less to review.
  const made = await execa(
    uv,
    ['pip', 'compile', ...args, '--overrides', 'overrides.txt', REQUIREMENTS, '-o', LOCK],
    { cwd: IMAGE, reject: false, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (made.exitCode === 0) return;
  throw new UserError('cannot resolve the packages', {
    found: made.stderr.trim().split('\n').slice(-8).join('\n'),
    allowed: `releases up to ${until}: --exclude-newer takes a later day`,
  });
}

/** Installs uv into its own folder, if it is not there yet, and returns its path. */
async function installUv(): Promise<string> {
  const folder = inHome('tools', `uv-${UV_VERSION}`);
  const uv = join(folder, 'bin', 'uv');
  if (existsSync(uv)) return uv;
  process.stderr.write(`installing uv ${UV_VERSION} into ${folder} …\n`);
  await mkdir(inHome('tools'), { recursive: true });
  try {
    await execa('python3', ['-m', 'venv', '--clear', folder]);
    const python = join(folder, 'bin', 'python');
    await execa(python, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', `uv==${UV_VERSION}`]);
  } catch (error) {
    throw new UserError(`cannot install uv ${UV_VERSION}`, {
      found: error instanceof Error ? error.message.split('\n')[0]! : '',
      allowed: 'Python 3 with pip and venv, and a package index',
      command: 'apt-get install python3-venv',
      cause: error,
    });
  }
  return uv;
}

await runScript(main);
