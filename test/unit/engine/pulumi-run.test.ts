import { describe, expect, test } from '@jest/globals';
import { lostContainers, unknownContainers } from '../../../engine/containers.ts';
import { changedResources } from '../../../engine/deploy.ts';
import { describeError } from '../../../console/errors.ts';
import { leftByDeadProcess, pulumiFailure } from '../../../engine/pulumi-failure.ts';

const LOCKED = `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///home/o/.pulumi/locks/organization/switchyard/dev/0b5.json: created by olga@here (pid 4242) at 2026-11-24T12:00:00Z`;

describe('a lock', () => {
  const dead = (): boolean => false;
  const alive = (): boolean => true;
  test.each([
    ['of a dead process of this host is left over', LOCKED, 'here', dead, true],
    ['of a living process is not', LOCKED, 'here', alive, false],
    ['of another host is not', LOCKED, 'there', dead, false],
    ['whose holder is not named is not', 'the stack is currently locked by 1 lock(s)', 'here', dead, false],
    ['is what other failures are not', 'error: no such thing (pid 1)', 'here', dead, false],
  ])('%s', (_, text, host, isAlive, expected) => {
    expect(leftByDeadProcess(text, host, isAlive)).toBe(expected);
  });

  test('of a living process is a sentence that names it', () => {
    expect(describeError(pulumiFailure('dev', LOCKED))).toBe(
      [
        'error: stack dev is being changed by another run',
        '  found:   a lock created by olga@here (pid 4242)',
        '  allowed: one run at a time: wait for it to end',
        '  mend it: pulumi cancel --stack dev   # only if that process is gone',
      ].join('\n'),
    );
  });
});

test('another update in Pulumi Cloud is the same sentence', () => {
  const text = 'error: [409] Conflict: Another update is currently in progress.\nTo learn more, visit …';
  expect(pulumiFailure('dev', text).message).toBe('stack dev is being changed by another run');
});

describe("Pulumi's failures", () => {
  test('keep their own words, without headings and counts', () => {
    const text =
      'Updating (dev):\n\nDiagnostics:\n  docker:index:Container (gateway-0):\n    error: container is unhealthy\n\nResources:\n    2 unchanged\n\nDuration: 3s';
    expect(pulumiFailure('dev', text).message).toBe('container is unhealthy\n    2 unchanged');
  });

  test('say so when the passphrase is wrong', () => {
    expect(pulumiFailure('dev', 'error: incorrect passphrase').message).toMatch(
      /passphrase of stack dev is not the one/,
    );
  });

  test('name the command that makes a missing stack', () => {
    expect(pulumiFailure('qa', "error: no stack named 'qa' found").command).toBe('./switchyard up qa');
  });
});

describe('the closing summary of up', () => {
  test.each([
    ['Resources:\n    11 unchanged\n\nDuration: 3s', 0],
    ['Resources:\n    + 9 created\n\nDuration: 3s', 9],
    ['Resources:\n    + 1 created\n    ~ 2 updated\n    +-1 replaced\n    4 changes. 7 unchanged\n', 4],
    ['nothing of the kind', 0],
  ])('%j counts %d changes', (log, changes) => {
    expect(changedResources(log)).toBe(changes);
  });
});

describe('where Docker and the state differ', () => {
  const container = (id: string, instance: string, state = 'running') => ({
    id,
    instance,
    name: `c-${id}`,
    role: 'gateway',
    state,
    status: 'Up',
    image: 'i', // prettier-ignore
  });
  const resources = [
    { urn: 'urn:pulumi:dev::switchyard::random:index/randomId:RandomId::instance', type: 'random:index/randomId:RandomId', outputs: { hex: 'aa' } },
    { urn: 'urn:pulumi:dev::switchyard::docker:index/container:Container::gateway-0', type: 'docker:index/container:Container', id: 'known' },
  ]; // prettier-ignore

  test("unknown containers are ours when they bear this deployment's id, and foreign otherwise", () => {
    // prettier-ignore
    const containers = [container('known', 'aa'), container('left', 'aa'), container('other', 'bb')];
    const { ours, foreign } = unknownContainers(containers, resources);
    expect(ours.map((c) => c.name)).toEqual(['c-left']);
    expect(foreign.map((c) => c.name)).toEqual(['c-other']);
  });

  test('unknown containers are all foreign when the state is empty', () => {
    expect(unknownContainers([container('x', '')], []).foreign).toHaveLength(1);
  });

  test.each([
    ['gone', [container('other', 'aa')], ['gateway-0']],
    ['stopped', [container('known', 'aa', 'exited')], ['gateway-0']],
    ['running', [container('known', 'aa')], []],
    ['started again by Docker', [container('known', 'aa', 'restarting')], []],
  ])('a known container that is %s', (_, containers, lost) => {
    expect(lostContainers(containers, resources)).toEqual(lost);
  });
});
