import { describe, expect, test } from '@jest/globals';
import { ledgerReport, type StatusReport, statusText } from '../../../cli/status-text.ts';
import { widthOf } from '../../../console/wrap.ts';
import { guestsOf } from '../../../engine/network-guests.ts';

const REPORT: StatusReport = {
  stack: 'dev',
  endpoint: 'http://127.0.0.1:4000',
  healthy: true,
  change: null,
  models: ['mock', 'groq-llama3-70b', 'groq-mixtral', 'claude-3-5-sonnet'],
  leftOut: [
    { model: 'gpt-4', reason: 'OPENAI_API_KEY is not set' },
    { model: 'gpt-4-turbo', reason: 'OPENAI_API_KEY is not set' },
  ],
  image: 'sha256:0a0a0a0a',
  keys: [],
  rotation: null,
  ledger: [],
  budgets: [],
  containers: [
    { name: 'gateway-0-1234567', role: 'gateway', state: 'running', status: 'Up 3 minutes (healthy)' },
  ],
  unknownContainers: [],
  foreignContainers: [],
};
const change = { user: 'ann', host: 'here', pid: 42, since: '2026-11-27T10:00:00.1Z' };

test('unavailable models are listed on one line per key, and the image is named', () => {
  const text = statusText(REPORT, Infinity);
  expect(text).toContain('unavailable  gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set\n');
  expect(text).toContain('image        sha256:0a0a0a0a\n');
});

test('at 60 columns no line is longer', () => {
  const text = statusText({ ...REPORT, change, unknownContainers: ['gateway-0-4e827a0'] }, 60);
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(60);
});

test('a stack that is down serves no models, and the command that deploys it is shown', () => {
  const text = statusText({ ...REPORT, healthy: false, image: null, containers: [] }, Infinity);
  expect(text).toContain('down  the stack has no containers; to deploy it: ./switchyard up dev');
  expect(text).not.toContain('mock');
  expect(statusText({ ...REPORT, change, containers: [] }, Infinity)).toContain('mock');
});

test('a run in progress is shown', () => {
  expect(statusText({ ...REPORT, change }, Infinity)).toContain(
    'in progress, by ann@here (pid 42, since 2026-11-27 10:00:00)',
  );
});

test.each([
  [false, 'the old key is still accepted'],
  [true, 'the old key is refused already'],
])(
  'an unfinished rotation is shown with the command that completes it (old key refused: %s)',
  (oldKeyRefused, text) => {
    const report = { ...REPORT, rotation: { generation: 3, oldKeyRefused } };
    expect(statusText(report, Infinity)).toContain(
      `rotation     to master key 3 is not completed: ${text}; to complete it: ./switchyard keys rotate dev`,
    );
  },
);

test('only containers of another deployment are listed with a command that removes them', () => {
  const report = { ...REPORT, unknownContainers: ['ours-1', 'theirs-1'], foreignContainers: ['theirs-1'] };
  const text = statusText(report, Infinity);
  expect(text).toContain('docker rm --force theirs-1');
  expect(text).not.toContain('docker rm --force ours-1');
  expect(text).toContain("ours-1: not in this stack's state; ./switchyard up dev removes it");
});

test('guests of a network are the containers that do not belong to the stack', () => {
  expect(guestsOf({ a: 'edge', b: 'vllm', c: 'gateway' }, [{ id: 'a' }, { id: 'c' }])).toEqual(['vllm']);
  expect(guestsOf({}, [])).toEqual([]);
});

test('a ledger that cannot write is shown', () => {
  const ledger = [{ gateway: 'gateway-0-1234567', waiting: 12, lost: 3, problem: 'database is locked' }];
  expect(statusText({ ...REPORT, ledger }, Infinity)).toContain(
    'ledger       gateway-0-1234567: 12 rows wait: database is locked; 3 rows were lost',
  );
});

describe('budgets', () => {
  const state = (gateway: string, limits?: { enforced: boolean; problem: string }) => ({
    ...{ gateway, waiting: 0, lost: 0, problem: '' },
    ...(limits ? { limits } : {}),
  });
  const enforced = { enforced: true, problem: '' };
  const text = (...args: Parameters<typeof ledgerReport>) =>
    statusText({ ...REPORT, ...ledgerReport(...args) }, Infinity);

  test('are enforced only if every gateway says so', () => {
    expect(text([state('a', enforced), state('b', enforced)], true)).toMatch(/^ {2}budgets {6}enforced$/m);
    expect(text([state('a', enforced), state('b')], true)).toContain(
      'budgets      not enforced: b: it has not tested them yet',
    );
    expect(text([state('a', { enforced: false, problem: 'the ledger is locked' })], false)).toContain(
      'budgets      not enforced: a: the ledger is locked',
    );
  });

  test('are not mentioned without any', () => {
    expect(text([state('a')], false)).not.toContain('budgets');
  });

  test('do not hide or add a problem of the ledger', () => {
    const broken = { ...state('b'), lost: 3 };
    expect(ledgerReport([state('a', enforced), broken], true).ledger).toEqual([broken]);
  });
});
