/** What is too long for the terminal is wrapped between words, and no command that is copied is broken. */
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../../../console/errors.ts';
import { Output } from '../../../console/output.ts';
import { commandList, widthOf, wrap, wrapMessage } from '../../../console/wrap.ts';

const PULUMI = 'pulumi config set --secret TOGETHER_API_KEY --stack dev';

function listen(columns?: number) {
  const heard = { stdout: '', stderr: '' };
  const streams = {
    stdout: { columns, write: (text: string) => (heard.stdout += text) },
    stderr: { columns, isTTY: false, write: (text: string) => (heard.stderr += text) },
  };
  return { heard, out: new Output({ streams }) };
}

describe('a message', () => {
  test.each([
    [
      'warning: the key of a provider is old, and should be rotated soon',
      'warning: the key of a provider is\n  old, and should be rotated soon',
    ],
    [
      '  found:   one two three four five six seven',
      '  found:   one two three four five\n           six seven',
    ],
    [
      '  allowed: one two three four five six seven',
      '  allowed: one two three four five\n           six seven',
    ],
    [
      'ignored    TOGETHER_API_KEY: no provider uses it',
      'ignored    TOGETHER_API_KEY: no\n           provider uses it',
    ],
  ])('is wrapped with a hanging indent: %s', (text, wrapped) => {
    expect(wrapMessage(text, 36)).toBe(wrapped);
  });

  test('that fits is not changed, nor any if there is no width', () => {
    expect(wrapMessage('short  as it is', 40)).toBe('short  as it is');
    expect(wrapMessage('word '.repeat(100), Infinity)).toBe('word '.repeat(100));
  });

  test.each([
    [`  fix:     ${PULUMI}`, `  fix:\n    ${PULUMI}`],
    [
      '  fix:     install another tool by hand   # then start it',
      '  fix:\n    install another tool by hand\n    # then start it',
    ],
    [
      'try it     opencode run -m litellm/mock "hi there"',
      'try it\n    opencode run -m litellm/mock "hi there"',
    ],
    [
      '  read it: pulumi stack output masterKey --stack d/ev',
      '  read it:\n    pulumi stack output masterKey --stack d/ev',
    ],
  ])('has its command unbroken: %s', (text, wrapped) => {
    expect(wrapMessage(text, 36)).toBe(wrapped);
  });
});

test.each([
  `not set; ${PULUMI}`,
  `it is old: rotate it soon (${PULUMI})`,
  `to set a key: eval "$(./switchyard env dev)" && ${PULUMI}`,
  'it belongs to stack dev; to switch: ./switchyard connect prod --key other --dir /a/b',
  'remove it: `docker volume rm switchyard-dev-data`',
])('a command in prose is one word: %s', (text) => {
  const command = /(?:eval|pulumi|\.\/switchyard|docker).*?(?=[)`]?$)/.exec(text)?.[0];
  expect(command).toBeDefined();
  expect(wrap(text, 20).filter((line) => line.includes(command!))).toHaveLength(1);
});

test('a long text that is no command takes no exponential time', () => {
  for (const part of ['$() ', '(a) ', '"a" ', '( ', '$(a ', ' ', 'a '])
    expect(wrap(`x: docker ${part.repeat(5000)}!?`, 20).length).toBeGreaterThan(0);
});

test('prose that names a program is wrapped', () => {
  expect(wrap('pulumi is not on the PATH of this shell, so run this', 30)).toEqual([
    'pulumi is not on the PATH of',
    'this shell, so run this',
  ]);
  expect(wrap('run ./switchyard up dev (as root), and then go on with it', 30).every((line) => widthOf(line) <= 30)).toBe(true); // prettier-ignore
});

test('comments behind commands move above them where they do not fit', () => {
  const rows = [['./switchyard up dev', 'deploys it; no key is needed']] as const;
  expect(commandList(rows, 60)).toBe('  ./switchyard up dev  # deploys it; no key is needed');
  expect(commandList(rows, 30)).toBe('  # deploys it; no key is\n  # needed\n  ./switchyard up dev');
});

describe('the output', () => {
  const PROSE = 'one two three four five six seven';

  test('is wrapped to the width of its stream: progress, warnings, failures, results', () => {
    const { heard, out } = listen(20);
    out.progress(PROSE);
    out.warn(PROSE);
    out.failure(new UserError(PROSE));
    out.result({}, PROSE);
    const lines = `${heard.stderr}${heard.stdout}`.split('\n');
    expect(lines.filter((line) => widthOf(line) > 20)).toEqual([]);
    expect(heard.stdout).toBe('one two three four\n  five six seven\n');
  });

  test('for a program is not wrapped', () => {
    const { heard, out } = listen(20);
    out.result({}, PROSE, { verbatim: true });
    expect(heard.stdout).toBe(`${PROSE}\n`);
  });
});
