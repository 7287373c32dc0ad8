import { expect, test } from '@jest/globals';
import { sameUnavailable } from '../../../domain/plan/group-unavailable.ts';
import { type UpReport, upText } from '../../../cli/up-text.ts';

const REPORT: UpReport = {
  stack: 'dev',
  endpoint: 'http://127.0.0.1:4000',
  changes: 1,
  models: ['mock', 'groq-mixtral'],
  leftOut: [
    { model: 'gpt-4', reason: 'OPENAI_API_KEY is not set', command: 'pulumi config set --secret OPENAI_API_KEY --stack dev' },
    { model: 'gpt-4-turbo', reason: 'OPENAI_API_KEY is not set' },
  ], // prettier-ignore
  leftOutIsKnown: false,
  connected: undefined,
  leftAlone: undefined,
  answer: { model: 'mock', text: 'Set a key for real answers', ms: 12 },
  providers: [],
  pulumiOnPath: true,
};

test('with the mock the text states that no provider was used, and has the command that tests providers', () => {
  const text = upText(REPORT, Infinity);
  expect(text).toContain('answer    mock, in 12 ms: the gateway works; no provider was used');
  expect(text).not.toContain('Set a key for real answers');
  expect(text).toContain('./switchyard smoke dev');
});

test('without a provider it does not suggest smoke', () => {
  expect(upText({ ...REPORT, models: ['mock'] }, Infinity)).not.toContain('smoke');
});

test('clients that were switched off are told in one line, with the command', () => {
  const off = { file: '/x/opencode.json', command: './switchyard connect dev' };
  expect(upText({ ...REPORT, off }, Infinity)).toMatch(
    /^ {2}clients +off since .*: \.\/switchyard connect dev$/m,
  );
});

test('the answer of a model is quoted', () => {
  const answer = { model: 'groq-mixtral', text: 'hi', ms: 300 };
  expect(upText({ ...REPORT, answer }, Infinity)).toContain('groq-mixtral, in 300 ms: hi');
});

test('models that need the same key are on one line, with the command that sets it', () => {
  const lines = upText(REPORT, Infinity).split('\n');
  expect(lines.filter((line) => line.includes('OPENAI_API_KEY is not set'))).toEqual([
    '  not set   gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set',
  ]);
  expect(lines).toContain('            to set a key: pulumi config set --secret OPENAI_API_KEY --stack dev');
});

test('a command of Pulumi runs as printed, also in a shell without pulumi on its PATH', () => {
  expect(upText({ ...REPORT, pulumiOnPath: false }, Infinity)).toContain(
    'to set a key: eval "$(./switchyard env dev)" && pulumi config set --secret OPENAI_API_KEY --stack dev',
  );
});

test('providers that refused their key, did not answer or failed are named, each with the reason', () => {
  const answers: [name: string, status: number, reason: string | null][] = [
    ['A_API_KEY', 200, null], ['B_API_KEY', 401, null], ['B_API_KEY_2', 403, null], ['C_API_KEY', 403, 'a page, not the API'],
    ['D_API_KEY', 402, null], ['E_API_KEY', 0, 'its name cannot be resolved'], ['F_API_KEY', 503, null], ['G_API_KEY', 404, null], ['local', 429, null],
  ]; // prettier-ignore
  const providers = answers.map(([name, status, reason]) => ({ name, host: 'x.example', status, reason }));
  const lines = upText({ ...REPORT, providers }, Infinity)
    .split('\n')
    .map((line) => line.trim());
  expect(lines.filter((line) => line.includes('x.example') || line.startsWith('providers'))).toEqual([
    'refused      B_API_KEY: x.example refused the key (401); to set another: pulumi config set --secret B_API_KEY --stack dev',
    'refused      B_API_KEY_2: x.example refused the key (403); to set another: pulumi config set --secret B_API_KEY_2 --stack dev',
    'failed       C_API_KEY: x.example responded with 403: a page, not the API',
    'refused      D_API_KEY: x.example: the account has no credit left (402)',
    'unreachable  E_API_KEY: x.example: its name cannot be resolved',
    'failed       F_API_KEY: x.example responded with 503',
    'providers    A_API_KEY, G_API_KEY, local: answered',
  ]);
});

test('a server that does not list a model of the catalogue is named, with what it lists', () => {
  const local = { name: 'local', host: '127.0.0.1:11434', status: 200, reason: null };
  const lines = (more: object) =>
    upText({ ...REPORT, providers: [{ ...local, ...more }] }, Infinity).split('\n');
  expect(lines({ missing: ['qwen3:14b'], listed: ['qwen3:8b', 'llama3'] })).toContain(
    '  not listed  local: 127.0.0.1:11434 lists qwen3:8b, llama3, but not qwen3:14b; did you mean "qwen3:8b"?',
  );
  expect(lines({ missing: ['qwen3:14b'], listed: [] }).join()).toContain(
    'lists no model, and so not qwen3:14b',
  );
  expect(lines({ missing: ['qwen3:14b'], listed: [] }).join()).not.toContain('answered');
  expect(lines({}).join()).toContain('local: answered');
});

test('it says how opencode is kept on the gateway, if it would use a provider directly', () => {
  const connected = (model: string) =>
    ({ model, try: 'opencode run "hi"', files: [], switchedOff: [] }) as unknown as UpReport['connected'];
  const said = 'write `switchyard:client: { direct: [] }` below config in Pulumi.dev.yaml';
  expect(upText({ ...REPORT, connected: connected('groq-direct/m') }, Infinity)).toContain(said);
  expect(upText({ ...REPORT, connected: connected('litellm/m') }, Infinity)).not.toContain(said);
});

test('models that the last up left out too are only counted', () => {
  const text = upText({ ...REPORT, leftOutIsKnown: true }, Infinity);
  expect(text).toContain('  not set   2 models: ./switchyard models dev lists them');
  expect(text).not.toContain('OPENAI_API_KEY');
  expect(upText({ ...REPORT, leftOut: [], leftOutIsKnown: true }, Infinity)).not.toContain('not set');
});

test('the first up, another model, and another reason are told from the same list', () => {
  const { leftOut } = REPORT;
  expect(sameUnavailable(leftOut.toReversed(), leftOut)).toBe(true);
  expect(sameUnavailable(undefined, leftOut)).toBe(false);
  expect(sameUnavailable(leftOut.slice(1), leftOut)).toBe(false);
  expect(sameUnavailable([{ ...leftOut[0], reason: 'another' }, leftOut[1]], leftOut)).toBe(false);
});
