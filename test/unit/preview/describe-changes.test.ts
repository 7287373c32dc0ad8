import { describe, expect, test } from '@jest/globals';
import { isNew, describeChanges } from '../../../preview/describe-changes.ts';
import { changedSteps, planOf, type PulumiPlan, type Step, toChange } from '../../../preview/pulumi-plan.ts';
import { previewMarkdown, previewText } from '../../../preview/preview-report.ts';

const TYPES = {
  container: 'docker:index/container:Container',
  image: 'docker:index/remoteImage:RemoteImage',
  volume: 'docker:index/volume:Volume',
  network: 'docker:index/network:Network',
  password: 'random:index/randomPassword:RandomPassword',
  id: 'random:index/randomId:RandomId',
};

type Inputs = Record<string, unknown>;

function step(
  op: string,
  kind: keyof typeof TYPES,
  name: string,
  before: Inputs = {},
  after: Inputs = before,
): Step {
  const type = TYPES[kind];
  return {
    op,
    urn: `urn:pulumi:dev::switchyard::switchyard:index:Switchyard$${type}::${name}`,
    ...(op === 'create' ? {} : { oldState: { type, inputs: before } }),
    ...(op === 'delete' ? {} : { newState: { type, inputs: after } }),
  };
}

function describePlan(...steps: Step[]): string[] {
  return describeChanges({ steps }, { previousUntil: '2026-11-25T12:00:00Z' });
}

const GATEWAYS = 'the gateways are replaced; new ones start before old ones stop: no request fails';
const EDGE = 'the edge is replaced: an outage of a few seconds, in which connections are refused or reset';
const PORT = (external: number) => ({ ports: [{ internal: 8080, external, ip: '127.0.0.1' }] });

describe('a plan is described:', () => {
  test('empty if nothing changes', () => {
    expect(describePlan(step('same', 'container', 'gateway-0'), step('same', 'container', 'edge'))).toEqual(
      [],
    );
  });

  test.each([
    ['create', 'GROQ_API_KEY is new'],
    ['replace', 'GROQ_API_KEY rotated'],
    ['delete', 'GROQ_API_KEY removed'],
  ])("%s of a key's age resource: the key", (op, sentence) => {
    expect(describePlan(step(op, 'id', 'key-age-GROQ_API_KEY'))).toEqual([sentence]);
  });

  test('a rotated master key with a grace period', () => {
    expect(
      describePlan(step('same', 'password', 'master-key-9'), step('create', 'password', 'master-key-10')),
    ).toEqual(['the master key is rotated (9 → 10); the old one is accepted until 2026-11-25T12:00:00Z']);
  });

  test('a rotated master key without a grace period', () => {
    expect(
      describePlan(step('delete', 'password', 'master-key-1'), step('create', 'password', 'master-key-2')),
    ).toEqual([
      'the master key is rotated (1 → 2); the old one is rejected as soon as the gateways are replaced',
    ]);
  });

  test('the end of a grace period', () => {
    expect(
      describePlan(step('same', 'password', 'master-key-2'), step('delete', 'password', 'master-key-1')),
    ).toEqual(['master key 1 is no longer accepted']);
  });

  test('another number of gateways, the existing ones unchanged', () => {
    expect(
      describePlan(step('same', 'container', 'gateway-0'), step('create', 'container', 'gateway-1')),
    ).toEqual(['gateways 1 → 2']);
    expect(
      describePlan(step('same', 'container', 'gateway-0'), step('delete', 'container', 'gateway-1')),
    ).toEqual(['gateways 2 → 1']);
  });

  test('replaced gateways, and the changed inputs', () => {
    const before = { memory: 1536, stopTimeout: 135 };
    const after = { memory: 2048, stopTimeout: 75 };
    expect(describePlan(step('replace', 'container', 'gateway-0', before, after))).toEqual([
      'memory of a gateway (MiB): 1536 → 2048',
      'stop timeout of a gateway (s): 135 → 75',
      GATEWAYS,
    ]);
  });

  test('a replaced edge: the outage, the new address, the changed files', () => {
    const before = { ...PORT(4000), uploads: [{ file: '/etc/switchyard/haproxy.cfg', content: 'a' }] };
    const after = { ...PORT(4001), uploads: [{ file: '/etc/switchyard/haproxy.cfg', content: 'b' }] };
    expect(describePlan(step('replace', 'container', 'edge', before, after))).toEqual([
      'the address changes: http://127.0.0.1:4000 → http://127.0.0.1:4001; clients need the new one (./switchyard connect)',
      "the edge's haproxy.cfg changes",
      EDGE,
    ]);
  });

  test('another address that the edge listens on, with or without a new address for clients', () => {
    const on = (ip: string): Inputs => ({ ports: [{ internal: 8080, external: 4000, ip }] });
    expect(describePlan(step('replace', 'container', 'edge', on('127.0.0.1'), on('0.0.0.0')))).toEqual([
      'it listens on 0.0.0.0 instead of 127.0.0.1',
      EDGE,
    ]);
    expect(describePlan(step('replace', 'container', 'edge', on('127.0.0.1'), on('10.0.0.5')))).toEqual([
      'the address changes: http://127.0.0.1:4000 → http://10.0.0.5:4000; clients need the new one (./switchyard connect)',
      'it listens on 10.0.0.5 instead of 127.0.0.1',
      EDGE,
    ]);
  });

  test('rebuilt images', () => {
    expect(
      describePlan(step('replace', 'image', 'gateway-image'), step('create', 'image', 'edge-image')),
    ).toEqual(["the edge's image is built", "the gateways' image is rebuilt"]);
  });

  test('lost data, in capitals', () => {
    expect(describePlan(step('replace', 'volume', 'data'))).toEqual([
      'THE DATA VOLUME IS REPLACED: the cache in it is lost',
    ]);
  });

  test('the step itself for any other resource', () => {
    const network = {
      ...step('replace', 'network', 'network'),
      replaceReasons: ['id', 'labels'],
      diffReasons: ['labels'],
    };
    expect(describePlan(network)).toEqual(['± network (Network): labels']);
    expect(describePlan(step('delete', 'container', 'portkey'))).toEqual(['- portkey (Container)']);
  });
});

describe('a plan', () => {
  test('is of a new stack if no resource existed before', () => {
    expect(isNew({ steps: [step('create', 'container', 'edge')] })).toBe(true);
    expect(isNew({ steps: [step('create', 'container', 'edge'), step('same', 'volume', 'data')] })).toBe(
      false,
    );
  });

  test("has its steps in the same order, whatever the engine's order", () => {
    const steps = [step('create', 'volume', 'b'), step('same', 'volume', 'x'), step('create', 'volume', 'a')];
    const names = (plan: PulumiPlan) => changedSteps(plan).map((one) => toChange(one).name);
    expect(names({ steps })).toEqual(['a', 'b']);
    expect(names({ steps: steps.reverse() })).toEqual(['a', 'b']);
  });

  test("has one step for a replacement, whatever the engine's steps for it", () => {
    const type = 'docker:index/container:Container';
    const urn = `urn:pulumi:dev::switchyard::${type}::gateway-0`;
    const state = { type, urn, id: 'i', parent: '', provider: '', inputs: { memory: 1 }, outputs: {} };
    const parts = ['create-replacement', 'replace', 'delete-replaced'] as const;
    const steps = parts.map((op) => ({ op, urn, type, provider: '', keys: ['image'], diffs: ['image', 'name'], old: state, new: state }));
    const plan = planOf({ steps, warnings: [] });
    expect(plan.steps?.map(toChange)).toEqual([
      { op: 'replace', type: 'Container', name: 'gateway-0', why: ['image', 'name'] },
    ]);
    expect(describeChanges(plan)).toEqual([GATEWAYS]);
  }); // prettier-ignore
});

describe('a report', () => {
  const preview = {
    stack: 'dev',
    changes: 1,
    warnings: ['catalog.yaml:1:2 x\n    fix it'],
    meanings: ['GROQ_API_KEY rotated', '<script> | a*b'],
    steps: [{ op: 'replace', type: 'RandomId', name: 'key-age-GROQ_API_KEY', why: ['keepers'] }],
  };

  test('as text', () => {
    expect(previewText(preview)).toBe(
      [
        'dev: 1 resource changes',
        '  GROQ_API_KEY rotated',
        '  <script> | a*b',
        '',
        '  ± key-age-GROQ_API_KEY (RandomId): keepers',
      ].join('\n'),
    );
    expect(previewText({ ...preview, changes: 0, meanings: [], steps: [] })).toBe('dev: no change');
    expect(previewText({ ...preview, missing: true })).toContain(
      'the stack does not exist yet: ./switchyard up dev creates it',
    );
  });

  test('as Markdown, with everything from the pull request escaped', () => {
    const markdown = previewMarkdown(preview);
    expect(markdown).toContain(
      '### `dev`: 1 resource changes\n\n- GROQ\\_API\\_KEY rotated\n- \\<script\\> \\| a\\*b\n',
    );
    expect(markdown).toContain('- ⚠️ catalog.yaml:1:2 x fix it\n');
    expect(markdown).toContain('```\n± key-age-GROQ_API_KEY (RandomId): keepers\n```');
  });

  test('of a comparison of files names the commit and has no resources', () => {
    const compared = { ...preview, comparedWith: 'HEAD^1' };
    expect(previewText(compared)).toMatch(/^dev: changes since HEAD\^1\n {2}GROQ_API_KEY rotated\n.*$/s);
    expect(previewMarkdown(compared)).not.toContain('<details>');
    expect(previewText({ ...compared, meanings: [] })).toBe('dev: no change since HEAD^1');
  });
});
