/** Sends one chat request and checks its whole answer. */
import { type Agent, type IncomingMessage, request } from 'node:http';
import type { RequestRecord } from './request-record.ts';

/** A request to send. */
export interface RequestSpec {
  id: string;
  stream: boolean;
  /** Events of the answer's stream, and the pause before each; an unstreamed answer takes as long as its stream would. */
  chunks: number;
  delayMs: number;
}

/** Where and how to send it. */
export interface Target {
  port: number;
  key: string;
  model: string;
  agent: Agent;
  /** After this time without data the request has failed. */
  timeoutMs: number;
  signal: AbortSignal;
}

interface Checked {
  status?: number;
  firstByteAt?: number;
  why?: string;
}

/**
 * Sends a request to 127.0.0.1 and waits for the end of its answer.
 *
 * @returns the record; never throws.
 */
export async function send(spec: RequestSpec, target: Target): Promise<RequestRecord> {
  const startedAt = Date.now();
  const checked = await exchange(spec, target);
  const ok = checked.why === undefined;
  const begun = checked.status === 200 && checked.firstByteAt !== undefined;
  return {
    id: spec.id,
    startedAt,
    endedAt: Date.now(),
    stream: spec.stream,
    ok,
    ...checked,
    ...(spec.stream && begun && !ok ? { cut: true } : {}),
  };
}

function exchange(spec: RequestSpec, target: Target): Promise<Checked> {
  return new Promise((done) => {
    const checked: Checked = {};
    const fail = (why: string): void => done({ ...checked, why });
    const content = `#chunks=${spec.chunks} #delayMs=${spec.delayMs} #text=${spec.id}`;
    const body = JSON.stringify({
      model: target.model,
      stream: spec.stream,
      messages: [{ role: 'user', content }],
    });
    const sent = request(
      {
        host: '127.0.0.1',
        port: target.port,
        path: '/v1/chat/completions',
        method: 'POST',
        agent: target.agent,
        timeout: target.timeoutMs,
        signal: target.signal,
        headers: {
          authorization: `Bearer ${target.key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        checked.status = response.statusCode ?? 0;
        checked.firstByteAt = Date.now();
        void problemOf(response, spec).then((why) => (why === undefined ? done(checked) : fail(why)));
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no data for ${target.timeoutMs} ms`)));
    sent.on('error', (error) => fail(error.message || String(error)));
    sent.end(body);
  });
}

/** What is wrong with an answer; undefined if it is correct. */
async function problemOf(response: IncomingMessage, spec: RequestSpec): Promise<string | undefined> {
  let text = '';
  try {
    response.setEncoding('utf8');
    for await (const piece of response) text += piece as string;
  } catch (error) {
    return `broke off after ${text.length} bytes: ${(error as Error).message}`;
  }
  if (response.statusCode !== 200) return `status ${response.statusCode}: ${text.slice(0, 200)}`;
  try {
    return spec.stream ? problemOfStream(text, spec.id) : problemOfBody(text, spec.id);
  } catch {
    return `not JSON: ${text.slice(0, 200)}`;
  }
}

function problemOfBody(text: string, id: string): string | undefined {
  const answer = JSON.parse(text) as { choices?: { message?: { content?: string } }[] };
  return answer.choices?.[0]?.message?.content === id ? undefined : `a wrong answer: ${text.slice(0, 200)}`;
}

function problemOfStream(text: string, id: string): string | undefined {
  const events = text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  if (events.at(-1) !== '[DONE]') return `the stream ended without [DONE]: …${text.slice(-200)}`;
  const content = events
    .slice(0, -1)
    .map((event) => JSON.parse(event) as { choices?: { delta?: { content?: string } }[] })
    .map((event) => event.choices?.[0]?.delta?.content ?? '')
    .join('');
  // The upstream pads a short text with dots.
  return content.replace(/\.+$/, '') === id ? undefined : `a wrong answer: ${content.slice(0, 200)}`;
}
