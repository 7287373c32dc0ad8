import { describe, expect, test } from '@jest/globals';
import { missingContainers, unknownContainers } from '../../../engine/containers.ts';
import { servingNow } from '../../../engine/deploy.ts';

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

  test("unknown containers with this deployment's id are orphans, others are unmanaged", () => {
    // prettier-ignore
    const containers = [container('known', 'aa'), container('left', 'aa'), container('other', 'bb')];
    const { orphans, unmanaged } = unknownContainers(containers, resources);
    expect(orphans.map((c) => c.name)).toEqual(['c-left']);
    expect(unmanaged.map((c) => c.name)).toEqual(['c-other']);
  });

  test('with an empty state all containers are unmanaged', () => {
    expect(unknownContainers([container('x', '')], []).unmanaged).toHaveLength(1);
  });

  test.each([
    ['gone', [container('other', 'aa')], ['gateway-0']],
    ['stopped', [container('known', 'aa', 'exited')], ['gateway-0']],
    ['running', [container('known', 'aa')], []],
    ['started again by Docker', [container('known', 'aa', 'restarting')], []],
  ])('a known container that is %s', (_, containers, missing) => {
    expect(missingContainers(containers, resources)).toEqual(missing);
  });
});

describe('after an interruption', () => {
  const container = (id: string, role: string, state = 'running') => ({ ...PLAIN, id, role, state });
  const PLAIN = { name: 'c', instance: 'aa', status: 'Up', image: 'i' };
  const before = [container('old', 'gateway'), container('edge', 'edge')];

  // prettier-ignore
  test.each([
    ['the old gateway', [container('old', 'gateway'), container('edge', 'edge')], 'the old gateway keeps serving'],
    ['both', [container('old', 'gateway'), container('new', 'gateway'), container('edge', 'edge')], 'the old gateway keeps serving'],
    ['a new one', [container('new', 'gateway'), container('edge2', 'edge')], 'the new gateway is serving'],
    ['no edge', [container('old', 'gateway')], 'nothing is serving now'],
    ['a stopped edge', [container('old', 'gateway'), container('edge', 'edge', 'exited')], 'nothing is serving now'],
    ['a gateway that does not run', [container('old', 'gateway', 'created'), container('edge', 'edge')], 'nothing is serving now'],
    ['nothing', [], 'nothing is serving now'],
  ])('with %s left, the message states what serves', (_, now, sentence) => {
    expect(servingNow(before, now)).toBe(`${sentence}; run up again`);
  });
});
