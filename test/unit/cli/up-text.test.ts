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

test('an answer of the mock says that no provider was asked, and what asks them', () => {
  const text = upText(REPORT, Infinity);
  expect(text).toContain('answer    mock, in 12 ms: the gateway works; no provider was asked');
  expect(text).not.toContain('Set a key for real answers');
  expect(text).toContain('./switchyard smoke dev');
});

test('where nothing but the mock is served there is no provider to ask', () => {
  expect(upText({ ...REPORT, models: ['mock'] }, Infinity)).not.toContain('smoke');
});

test('an answer of a model is named with it', () => {
  const answer = { model: 'groq-mixtral', text: 'hi', ms: 300 };
  expect(upText({ ...REPORT, answer }, Infinity)).toContain('groq-mixtral, in 300 ms: hi');
});

test('models that want the same key are one line, with the command that sets it', () => {
  const lines = upText(REPORT, Infinity).split('\n');
  expect(lines.filter((line) => line.includes('OPENAI_API_KEY is not set'))).toEqual([
    '  left out  gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set',
  ]);
  expect(lines).toContain('            to set a key: pulumi config set --secret OPENAI_API_KEY --stack dev');
});
