/** Which releases of LiteLLM are refused, each with the source of that information. Pure. */
import coerce from 'semver/functions/coerce.js';
import gte from 'semver/functions/gte.js';
import lte from 'semver/functions/lte.js';
import type { Problem } from '../diagnostics/problems.ts';

/** Releases that must not run. */
interface BadReleases {
  /** The first and the last release of the range, inclusive. */
  from: string;
  to: string;
  reason: string;
  source: string;
}

/** Releases that are refused. Add an entry with its source at the end. */
export const BAD_RELEASES: readonly BadReleases[] = [
  {
    from: '1.82.7',
    to: '1.82.8',
    reason: 'compromised: the release carried malware that stole credentials',
    source: 'PYSEC-2026-2, https://github.com/BerriAI/litellm/issues/24512',
  },
  {
    from: '1.81.16',
    to: '1.83.6',
    reason: 'SQL injection before authentication',
    source: 'CVE-2026-42208',
  },
  { from: '1.74.2', to: '1.83.6', reason: 'remote code execution', source: 'CVE-2026-42271, CVE-2026-48710' },
  {
    from: '0.0.0',
    to: '1.83.6',
    reason: 'server-side template injection',
    source: 'PYSEC-2026-3861, fixed in 1.83.7',
  },
  {
    from: '1.104.0',
    to: '1.105.4',
    reason: 'does not start if the remote price map is unreachable',
    source: 'https://github.com/BerriAI/litellm/releases',
  },
  {
    from: '1.107.0',
    to: '1.107.999',
    reason: 'withdrawn by its makers, without a reason given',
    source: "the package's release history on PyPI, which lists none of them",
  },
];

/**
 * Why a version must not run; undefined for one that may. If several entries match, the first one's reason. Suffixes of PyPI (`rc1`, `.post1`,
 * `.dev3`) are ignored: such a version counts as the release itself.
 */
export function checkVersion(version: string): string | undefined {
  const known = coerce(version);
  if (known === null) return `LiteLLM ${version} is refused: not a version number`;
  const bad = BAD_RELEASES.find(({ from, to }) => gte(known, from) && lte(known, to));
  return bad && `LiteLLM ${version} is refused: ${bad.reason} (${bad.source})`;
}

/**
 * Checks the lock file from which the image is built: one exact version of LiteLLM, not a refused one, and a hash for every package.
 *
 * @param text the requirements file.
 * @param expected the version from which the facts in `domain/facts` were generated.
 */
export function checkLock(text: string, file: string, expected: string): Problem[] {
  const problem = (line: number, message: string): Problem => ({
    severity: 'error',
    file,
    line,
    column: 1,
    path: '',
    message,
  });
  const problems: Problem[] = [];
  let version: string | undefined;
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const [, name, given] = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==\s*([^\s;\\]+))?/.exec(line) ?? [];
    if (name === undefined) return;
    if (given === undefined)
      problems.push(problem(index + 1, `${name} has no exact version: expected name==version`));
    let end = index;
    while (lines[end]?.trimEnd().endsWith('\\')) end += 1;
    if (!lines.slice(index, end + 1).some((one) => one.includes('--hash=sha256:'))) {
      problems.push(problem(index + 1, `${name} has no hash: expected --hash=sha256:…`));
    }
    if (name.toLowerCase() === 'litellm' && given !== undefined) {
      version = given;
      const bad = checkVersion(given);
      if (bad) problems.push(problem(index + 1, bad));
      else if (given !== expected) {
        const message = `LiteLLM ${given} is locked, but prices, dates and config keys were generated for ${expected}`;
        problems.push({ ...problem(index + 1, message), fix: 'npm run generate' });
      }
    }
  });
  if (version === undefined && problems.length === 0)
    problems.push(problem(1, 'LiteLLM is not in this lock file'));
  return problems;
}
