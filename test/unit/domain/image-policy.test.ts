/** Which releases of LiteLLM may run. */
import { checkLock, checkVersion } from '../../../domain/checks/image-policy.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';

test.each([
  ['1.82.7', 'compromised'],
  ['1.82.8', 'compromised'],
  ['1.81.16', 'SQL injection'],
  ['1.83.6', 'SQL injection'],
  ['1.74.2', 'remote code execution'],
  ['1.74.1', 'template injection'],
  ['1.104.0', 'does not start'],
  ['1.105.4', 'does not start'],
  ['1.107.0', 'withdrawn'],
  ['1.107.12', 'withdrawn'],
  // A suffix or a prefix of the three numbers does not make a bad release acceptable.
  ['1.82.8rc1', 'compromised'],
  ['1.82.8.post1', 'compromised'],
  ['v1.82.8', 'compromised'],
  ['1.82', 'SQL injection'],
  ['nightly', 'not a version number'],
])('%s is refused: %s', (version, reason) => {
  expect(checkVersion(version)).toContain(reason);
});

test.each(['1.83.7', '1.102.4', '1.103.9', '1.105.5', '1.106.10', '1.108.0', '2.0.0'])(
  '%s may run',
  (version) => {
    expect(checkVersion(version)).toBeUndefined();
  },
);

const HASH = `--hash=sha256:${'0a'.repeat(32)}`;

test.each([
  ['a good one', `# a comment\nlitellm[proxy]==1.106.10 \\\n    ${HASH}\nzod==1 ${HASH}\n`, ''],
  ['no hash', `litellm==1.106.10\n`, 'r.txt:1:1 litellm has no hash: expected --hash=sha256:…'],
  [
    'no exact version',
    `litellm==1.106.10 ${HASH}\nzod>=1 ${HASH}\n`,
    'r.txt:2:1 zod has no exact version: expected name==version',
  ],
  ['no LiteLLM', `zod==1 ${HASH}\n`, 'r.txt:1:1 LiteLLM is not in this lock file'],
  [
    'another version than the facts',
    `litellm==1.108.0 ${HASH}\n`,
    'r.txt:1:1 LiteLLM 1.108.0 is locked, but prices, dates and config keys were generated for 1.106.10\n    npm run generate',
  ],
  [
    'a bad version',
    `litellm==1.82.8 ${HASH}\n`,
    'r.txt:1:1 LiteLLM 1.82.8 is refused: compromised: the release carried malware that stole credentials (PYSEC-2026-2, https://github.com/BerriAI/litellm/issues/24512)',
  ],
])('a lock file with %s', (_name, text, expected) => {
  expect(formatProblems(checkLock(text, 'r.txt', '1.106.10'))).toBe(expected);
});
