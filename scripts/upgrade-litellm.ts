/**
 * `npm run upgrade-litellm -- VERSION`: locks another release of LiteLLM for the gateway's image, by hash, and takes its facts.
 *
 *     npm run upgrade-litellm -- 1.107.0                              what was published in the last 7 days stays out
 *     npm run upgrade-litellm -- 1.107.0 --exclude-newer 2026-12-01   … after this day
 *
 * Needs Python 3 with pip and venv; brings `uv`, which resolves, into Switchyard's folder. Files are put back where it fails.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { describeError, toUserError, UserError } from '../console/errors.ts';
import { dayOf, parseToday } from '../console/time-options.ts';
import { inHome, ROOT } from '../console/home-paths.ts';

const IMAGE = join(ROOT, 'runtimes/gateway/image');
const WISHES = 'requirements.in';
const LOCK = 'requirements.txt';

/** The resolver. Another version may lock other packages for the same wishes: so it is pinned. */
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
  const before = await Promise.all([WISHES, LOCK].map((file) => readFile(join(IMAGE, file), 'utf8')));
  try {
    await writeFile(join(IMAGE, WISHES), withVersion(before[0]!, version));
    await lock(dayOf(until));
    await execa(process.execPath, ['scripts/generate.ts'], { cwd: ROOT, stdio: 'inherit' });
  } catch (error) {
    await Promise.all([WISHES, LOCK].map((file, index) => writeFile(join(IMAGE, file), before[index]!)));
    throw error;
  }
  process.stderr.write(
    `locked LiteLLM ${version}; next: git diff --stat, ./switchyard preview dev, npm test\n`,
  );
}

/** The wishes with another version of LiteLLM. */
function withVersion(text: string, version: string): string {
  const wish = /^(litellm\[[^\]]*\]==)[\d.]+$/m;
  if (!wish.test(text))
    throw new UserError(`no line litellm[…]==… in ${WISHES}`, { where: join(IMAGE, WISHES) });
  return text.replace(wish, `$1${version}`);
}

/** Resolves the wishes for every platform. The command that uv notes in the lock file is this one. */
async function lock(until: string): Promise<void> {
  const uv = await bringUv();
  const args = ['--universal', '--generate-hashes', '--python-version', '3.11', '--exclude-newer', until];
  // uv keeps the versions of the former lock file where the new release allows them: less to look through.
  const made = await execa(
    uv,
    ['pip', 'compile', ...args, '--overrides', 'overrides.txt', WISHES, '-o', LOCK],
    { cwd: IMAGE, reject: false, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (made.exitCode === 0) return;
  throw new UserError('the packages could not be resolved', {
    found: made.stderr.trim().split('\n').slice(-8).join('\n'),
    allowed: `releases up to ${until}: --exclude-newer takes a later day`,
  });
}

/** The path of uv, installed once into a folder of its own. */
async function bringUv(): Promise<string> {
  const folder = inHome('tools', `uv-${UV_VERSION}`);
  const uv = join(folder, 'bin', 'uv');
  if (existsSync(uv)) return uv;
  process.stderr.write(`bringing uv ${UV_VERSION} into ${folder} …\n`);
  await mkdir(inHome('tools'), { recursive: true });
  try {
    await execa('python3', ['-m', 'venv', '--clear', folder]);
    const python = join(folder, 'bin', 'python');
    await execa(python, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', `uv==${UV_VERSION}`]);
  } catch (error) {
    throw new UserError(`uv ${UV_VERSION} could not be brought`, {
      found: error instanceof Error ? error.message.split('\n')[0]! : '',
      allowed: 'Python 3 with pip and venv, and a package index',
      command: 'apt-get install python3-venv',
      cause: error,
    });
  }
  return uv;
}

try {
  await main();
} catch (error) {
  const known = toUserError(error);
  if (known === undefined) throw error;
  process.stderr.write(`${describeError(known)}\n`);
  process.exitCode = 1;
}
