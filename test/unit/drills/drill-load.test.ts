/** The load generator against a server with scripted answers: what counts as answered, failed and cut. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { DRILL_NAMES } from '../../../cli/drill.ts';
import { DRILLS } from '../../../drills/all-drills.ts';
import { Load, specOf } from '../../../drills/drill-load.ts';
import { figuresOf } from '../../../drills/drill-figures.ts';
import type { RequestRecord } from '../../../drills/request-record.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Asked {
  stream: boolean;
  messages: { content: string }[];
}

/** Runs a load on a server that answers with `answer`. */
async function loaded(
  answer: (text: string, stream: boolean, end: Parameters<RequestListener>[1]) => void,
): Promise<RequestRecord[]> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { stream, messages } = JSON.parse(body) as Asked;
      answer(/#text=(\w+)/.exec(messages[0]?.content ?? '')?.[1] ?? '', stream, response);
    });
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  return new Load({ port, key: () => 'k', model: 'm', requests: 40, signal, pauseMs: 1 }).finish();
}

const whole = (text: string): string => JSON.stringify({ choices: [{ message: { content: text } }] });
const event = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;

test('complete, correct answers count as answered; a quarter of the requests are streams', async () => {
  const records = await loaded((text, stream, response) => {
    response.end(stream ? `${event(text)}${event('..')}data: [DONE]\n\n` : whole(text));
  });
  expect(figuresOf(records)).toMatchObject({ failed: 0, cutStreams: 0 });
  expect(records.length).toBeGreaterThanOrEqual(40);
  const streams = records.filter((record) => record.stream).length;
  expect(streams / records.length).toBeCloseTo(0.25, 1);
});

test.each<[string, Parameters<typeof loaded>[0], number]>([
  ['another answer', (_, stream, r) => r.end(stream ? `${event('no')}data: [DONE]\n\n` : whole('no')), 1],
  ['an error status', (_, __, r) => r.writeHead(503).end('{}'), 0],
  ['a stream without its end', (text, stream, r) => r.end(stream ? event(text) : '{}'), 1],
  [
    'an error in the stream',
    (_, __, r) => r.end('data: {"error": {"message": "no"}}\n\ndata: [DONE]\n\n'),
    1,
  ],
  ['a connection closed without a byte', (_, __, r) => r.destroy(), 0],
])('%s is a failure', async (_, answer, cut) => {
  const records = await loaded(answer);
  const streams = records.filter((record) => record.stream);
  expect(figuresOf(records)).toMatchObject({
    answered: 0,
    failed: records.length,
    cutStreams: streams.length * cut,
  });
});

test('a stream that breaks off counts as cut', async () => {
  const records = await loaded((text, stream, response) => {
    response.write(stream ? event(text.slice(0, 2)) : whole(text).slice(0, 5));
    setTimeout(() => response.destroy(), 5);
  });
  const { failed, cutStreams } = figuresOf(records);
  expect(failed).toBe(records.length);
  expect(cutStreams).toBe(records.filter((record) => record.stream).length);
});

test('every load has long and short streams, slow and quick requests', () => {
  const specs = Array.from({ length: 48 }, (_, index) => specOf('x', index));
  const kinds = new Set(specs.map(({ stream, chunks, delayMs }) => `${stream} ${chunks * delayMs}`));
  expect(kinds).toEqual(new Set(['true 4000', 'true 500', 'false 500', 'false 0']));
});

test('the command line lists all drills in order', () => {
  expect(DRILLS.map(({ name }) => name)).toEqual(DRILL_NAMES);
});

test('a load that reaches its limits too early is an error', async () => {
  server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  const load = new Load({
    port,
    key: () => 'k',
    model: 'm',
    requests: 40,
    signal,
    pauseMs: 1,
    maxRequests: 9,
  });
  await expect(load.finish()).rejects.toThrow(
    /^the load reached its limits \(900 s, 9 requests\) after 9 requests$/,
  );
  await load.stop();
});
