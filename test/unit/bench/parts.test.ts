import { expect, test } from '@jest/globals';
import { hasText, problemOf } from '../../../bench/ask.ts';
import { healthyContainer } from '../../../bench/cold-start.ts';
import { commandsOf, measureCommands, parseTimes } from '../../../bench/bench-commands.ts';
import { pairFigures } from '../../../bench/bench-edge.ts';
import { litellmConfig } from '../../../bench/litellm.ts';
import { sizesOf } from '../../../bench/sizes.ts';
import { Output } from '../../../console/output.ts';

const quiet = new Output({ streams: { stdout: { write: () => 0 }, stderr: { write: () => 0 } } });

test("the shell's times are those of its children, with a decimal point or comma", () => {
  expect(parseTimes('0m0.01s 0m0.00s\n1m2.50s 0m0.25s\n')).toBeCloseTo(62.75);
  expect(parseTimes('0m0,010s 0m0,000s\n0m2,500s 0m0,250s\n')).toBeCloseTo(2.75);
  expect(parseTimes('')).toBeUndefined();
  expect(parseTimes('sh: times: not found')).toBeUndefined();
  expect(parseTimes('0m0.01s 0m0.00s\n')).toBeUndefined();
});

test('the commands run in turn, and each figure is the median', async () => {
  const asked: string[] = [];
  const run = (_: string, args: string[]) => {
    asked.push(args.slice(4).join(' '));
    return Promise.resolve({ exitCode: 0, stdout: `0m0s 0m0s\n0m${asked.length}s 0m0s\n`, stderr: '' });
  };
  const { signal } = new AbortController();
  const figures = await measureCommands('t', { repeats: 3, run, signal }, quiet);
  const names = commandsOf('t').map(({ name }) => name);
  expect(names).toEqual(['preview', 'up', 'status', 'help']);
  expect(figures.map(({ name }) => name)).toEqual(names);
  expect(figures.map(({ cpuSeconds }) => cpuSeconds)).toEqual([5, 6, 7, 8]);
  expect(asked.slice(0, 5)).toEqual(['preview t', 'up t', 'status t', '--help', 'preview t']);
});

test('a failing command, or a shell without times, is reported as such', async () => {
  const { signal } = new AbortController();
  const failing = () => Promise.resolve({ exitCode: 1, stdout: '', stderr: 'error: no stack' });
  await expect(measureCommands('t', { repeats: 1, run: failing, signal }, quiet)).rejects.toMatchObject({
    message: './switchyard preview t failed (exit code 1)',
    found: 'error: no stack',
  });
  const silent = () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
  await expect(measureCommands('t', { repeats: 1, run: silent, signal }, quiet)).rejects.toMatchObject({
    message: 'the CPU time of preview cannot be measured: sh does not print it',
    command: "sh -c 'sleep 0; times'",
  });
});

test('an answer must be complete and correct', () => {
  const asked = { text: 'b01', stream: false };
  expect(problemOf(200, '{"content": "b01"}', asked)).toBeUndefined();
  expect(problemOf(200, '{"content": "b02"}', asked)).toContain('a wrong answer');
  expect(problemOf(503, 'no gateway', asked)).toBe('status 503: no gateway');
  const streamed = { text: 'b01', stream: true };
  expect(problemOf(200, 'data: {}\n\ndata: [DONE]\n\n', streamed)).toBeUndefined();
  expect(problemOf(200, 'data: {}\n\n', streamed)).toContain('[DONE]');
});

test("a stream's first token is its first text, not its first event", () => {
  expect(hasText('data: {"delta": {"role": "assistant", "content": ""}}')).toBe(false);
  expect(hasText('data: {"delta":{"content":"b"}}')).toBe(true);
});

test("Docker's event for a healthy container is recognised", () => {
  const event = (action: string) => JSON.stringify({ Action: action, Actor: { ID: 'c1' } });
  expect(healthyContainer(event('health_status: healthy'))).toBe('c1');
  expect(healthyContainer(event('health_status: unhealthy'))).toBeUndefined();
  expect(healthyContainer('no JSON')).toBeUndefined();
});

test('the time that the edge adds is the median of the differences, not the difference of the medians', () => {
  const pairs = [
    [11, 10],
    [22, 20],
    [103, 100],
  ] as const;
  expect(pairFigures(pairs)).toEqual({ p50Ms: 22, gatewayP50Ms: 20, addedMs: 2 });
});

test("plain LiteLLM's config refers to its keys and contains none", () => {
  const text = litellmConfig({ alias: 'a', litellmModel: 'groq/m', apiBase: 'http://upstream:9000/v1' });
  expect(text.match(/(api_key|master_key): .*/g)).toEqual([
    'api_key: os.environ/oidc/file//etc/litellm-plain/provider-key',
    'master_key: os.environ/oidc/file//etc/litellm-plain/master-key',
  ]);
});

test('a quick run is smaller, and few requests make all counts small', () => {
  const [quick, full] = [sizesOf({ quick: true }), sizesOf({ quick: false })];
  for (const name of ['rounds', 'loaded', 'single', 'streams', 'hits', 'pairs', 'repeats'] as const)
    expect(quick[name]).toBeLessThan(full[name]);
  expect(sizesOf({ quick: true, requests: 4 })).toMatchObject({
    loaded: 4,
    single: 2,
    streams: 2,
    hits: 8,
    warmUp: 4,
  });
});
