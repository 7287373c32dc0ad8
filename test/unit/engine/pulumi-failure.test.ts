import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeError } from '../../../console/errors.ts';
import {
  commandError,
  isLocked,
  isStackMissing,
  pulumiFailure,
  resultOf,
} from '../../../engine/pulumi-failure.ts';

const LOCKED = `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  s3://state/.pulumi/locks/organization/switchyard/dev/0b5.json: created by olga@there (pid 4242) at 2026-11-24T12:00:00Z`;

const failed = (stderr: string, exitCode = 1) => ({ exitCode, stdout: '', stderr });

describe('what a failed run means', () => {
  test.each([
    ['by its exit code', failed('error: any text', 6)],
    ['by the type of its error, from releases without that code', failed("error: no stack named 'qa' found", 255)],
  ])('a missing stack is recognized %s', (_, result) => {
    expect(isStackMissing(result)).toBe(true);
    expect(pulumiFailure('qa', result)).toMatchObject({
      message: 'there is no stack qa yet',
      command: './switchyard up qa',
    });
  }); // prettier-ignore

  test.each([
    ['a lock in a backend that is a store', LOCKED],
    ['another update in Pulumi Cloud', 'error: [409] Conflict: Another update is currently in progress.'],
  ])('%s is a run that changes the stack', (_, stderr) => {
    expect(isLocked(failed(stderr))).toBe(true);
    expect(pulumiFailure('dev', failed(stderr)).message).toBe('stack dev is being changed by another run');
  });

  test('a state that Pulumi refuses to read is named without its stack trace, with the command that repairs it', () => {
    const order = 'resource urn:a::portkey dependency urn:a::master-key-1 comes after it';
    const stderr = `error: The Pulumi CLI encountered a snapshot integrity error. This is a bug!
Go Version:        go1.26.8
Read Error:        snapshot integrity failure; refusing to use it: ${order}
Stack Trace:
goroutine 1 [running]:`;
    const found = pulumiFailure('dev', failed(stderr, 255));
    expect(found).toMatchObject({ found: order, command: expect.stringContaining('pulumi state repair') });
    expect(describeError(found)).not.toMatch(/goroutine|This is a bug/);
    const written = `Error: failed to save snapshot: dev.json: snapshot integrity failure; it was already written, but is invalid (backup available at dev.json.bak): ${order}`;
    expect(pulumiFailure('dev', failed(written))).toMatchObject({ found: order });
  });

  test('any other failure is neither of the two', () => {
    expect([isLocked(failed('error: x (pid 1)')), isStackMissing(failed('error: x'))]).toEqual([
      false,
      false,
    ]);
  });

  test('a typed error contains the result; another error has none', () => {
    const result = failed('error: x', 4);
    expect(resultOf(commandError(result))).toMatchObject(result);
    expect(resultOf(new Error('x'))).toBeUndefined();
  });
});

describe('the error for a locked stack', () => {
  const backend = mkdtempSync(join(tmpdir(), 'switchyard-backend-'));
  const before = process.env.PULUMI_BACKEND_URL;
  const lock = join(backend, '.pulumi/locks/organization/switchyard/dev/0b5.json');

  beforeEach(() => {
    process.env.PULUMI_BACKEND_URL = `file://${backend}`;
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: 17, username: 'olga', hostname: 'here', timestamp: 'now' }));
  });
  afterEach(() => {
    if (before === undefined) delete process.env.PULUMI_BACKEND_URL;
    else process.env.PULUMI_BACKEND_URL = before;
    rmSync(backend, { recursive: true, force: true });
  });

  test('names the owner, and the command to use if it has ended', () => {
    expect(describeError(pulumiFailure('dev', failed(LOCKED)))).toBe(
      [
        'error: stack dev is being changed by another run',
        '  found:   a lock created by olga@here (pid 17)',
        '  allowed: one run at a time: wait for it to end',
        '  fix:     pulumi cancel --stack dev   # only if that process has ended',
      ].join('\n'),
    );
  });

  test('quotes Pulumi if the locks of the backend cannot be read', () => {
    process.env.PULUMI_BACKEND_URL = 's3://state';
    expect(pulumiFailure('dev', failed(LOCKED)).found).toContain('created by olga@there (pid 4242)');
  });
});

describe('other failures', () => {
  test('consist of what the engine reported, not of the rest of standard error', () => {
    const failure = pulumiFailure('dev', failed('error: update failed'), ['container is unhealthy', 'b']);
    expect(failure.message).toBe('container is unhealthy\nb');
  });

  test('are Pulumi’s own message if the engine reported nothing', () => {
    expect(pulumiFailure('dev', failed('\nwarning: old\nerror: no such thing\n  at all\n')).message).toBe(
      'no such thing\n  at all',
    );
    expect(pulumiFailure('dev', failed('')).message).toBe('pulumi failed with no output');
  });

  test('report a wrong passphrase', () => {
    expect(pulumiFailure('dev', failed('error: incorrect passphrase')).message).toBe(
      'the passphrase of stack dev is not the one its secrets were encrypted with',
    );
  });
});
