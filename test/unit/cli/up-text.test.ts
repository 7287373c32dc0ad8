import { expect, test } from '@jest/globals';
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
  connected: undefined,
  leftAlone: undefined,
  answer: { model: 'mock', text: 'Set a key for real answers', ms: 12 },
};

test('with the mock the text states that no provider was used, and has the command that tests providers', () => {
  const text = upText(REPORT, Infinity);
  expect(text).toContain('answer       mock, in 12 ms: the gateway works; no provider was used');
  expect(text).not.toContain('Set a key for real answers');
  expect(text).toContain('./switchyard smoke dev');
});

test('without a provider it does not suggest smoke', () => {
  expect(upText({ ...REPORT, models: ['mock'] }, Infinity)).not.toContain('smoke');
});

test('the answer of a model is quoted', () => {
  const answer = { model: 'groq-mixtral', text: 'hi', ms: 300 };
  expect(upText({ ...REPORT, answer }, Infinity)).toContain('groq-mixtral, in 300 ms: hi');
});

test('models that need the same key are on one line, with the command that sets it', () => {
  const lines = upText(REPORT, Infinity).split('\n');
  expect(lines.filter((line) => line.includes('OPENAI_API_KEY is not set'))).toEqual([
    '  unavailable  gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set',
  ]);
  expect(lines).toContain(
    '               to set a key: pulumi config set --secret OPENAI_API_KEY --stack dev',
  );
});
