import { Command } from 'commander';
import { describeError, toUserError, UserError } from '../../../console/errors.ts';
import { Output, withOutput } from '../../../console/output.ts';

function listen(json = false) {
  const heard = { stdout: '', stderr: '' };
  const streams = {
    stdout: { write: (text: string) => (heard.stdout += text) },
    stderr: { write: (text: string) => (heard.stderr += text), isTTY: false },
  };
  return { heard, out: new Output({ json, streams }) };
}

const mistake = new UserError('port 4000 is in use by nginx', {
  where: 'Pulumi.dev.yaml',
  found: '4000',
  allowed: ['a free port', 'or the process stopped'],
  command: 'pulumi config set port 4001',
});

test('the result goes to standard output, progress to standard error', () => {
  const { heard, out } = listen();
  out.progress('working');
  out.result({ a: 1 }, 'one');
  expect(heard).toEqual({ stdout: 'one\n', stderr: 'working\n' });
});

test('with --json standard output holds one document', () => {
  const { heard, out } = listen(true);
  out.warn('look');
  out.result({ a: 1 }, 'one');
  expect(JSON.parse(heard.stdout)).toEqual({ a: 1 });
  expect(heard.stderr).toBe('warning: look\n');
});

test('a UserError is printed with all its fields and without a stack trace', () => {
  const { heard, out } = listen();
  out.failure(mistake);
  expect(heard.stdout).toBe('');
  expect(heard.stderr).toBe(
    [
      'error: port 4000 is in use by nginx',
      '  where:   Pulumi.dev.yaml',
      '  found:   4000',
      '  allowed: a free port, or the process stopped',
      '  fix:     pulumi config set port 4001',
      '',
    ].join('\n'),
  );
});

test('with --json a failure is printed as one document', () => {
  const { heard, out } = listen(true);
  out.failure(mistake);
  expect(JSON.parse(heard.stdout)).toEqual({
    error: {
      message: 'port 4000 is in use by nginx',
      where: 'Pulumi.dev.yaml',
      found: '4000',
      allowed: ['a free port', 'or the process stopped'],
      command: 'pulumi config set port 4001',
    },
  });
});

test('any other error is printed with its stack trace', () => {
  const { heard, out } = listen();
  out.failure(new TypeError('undefined is no function'));
  expect(heard.stderr).toMatch(/^internal error: TypeError: undefined is no function\n +at /);
});

test('a full disk is reported with the file', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    path: '/x/y',
  });
  expect(describeError(toUserError(full)!)).toMatch(
    /^error: no space left on the disk\n {2}where: {3}\/x\/y\n/,
  );
});

test('a quick step prints one line, a slow one also its end, a failing one does not', async () => {
  const { heard, out } = listen();
  expect(await out.step('quick', () => Promise.resolve(7))).toBe(7);
  expect(heard.stderr).toBe('quick …\n');
  await out.step('slow', () => new Promise((done) => setTimeout(done, 2100)));
  expect(heard.stderr).toBe('quick …\nslow …\nslow: done in 2 s\n');
  await expect(out.step('failing', () => Promise.reject(mistake))).rejects.toBe(mistake);
  expect(heard.stderr).toMatch(/failing …\n$/);
});

test.each([
  ['--json', 'try'],
  ['try', '--json'],
])('%s %s: --json works at every position', async (...args) => {
  let json: boolean | undefined;
  const program = new Command().option('--json');
  program.command('try').action(withOutput((out) => void (json = out.json)));
  await program.parseAsync(args, { from: 'user' });
  expect(json).toBe(true);
});
