/** Sends one request of the benchmark and measures its times. */
import { type Agent, type IncomingMessage, request } from 'node:http';

/** A gateway's address, and what a request to it needs. */
export interface Endpoint {
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
  model: string;
}

/** The times of an answered request, in milliseconds. */
export interface RequestTimes {
  /** Until the first text of a stream; without streaming, until the end of the answer. */
  firstTokenMs: number;
  totalMs: number;
}

/** The timeout of a request. */
const TIMEOUT_MS = 60_000;

/**
 * Requests a chat completion.
 *
 * @param text the text that the fake upstream should answer.
 * @throws Error if the complete, correct answer did not arrive.
 */
export async function ask(
  endpoint: Endpoint,
  text: string,
  { agent, signal, stream = false }: { agent: Agent; signal: AbortSignal; stream?: boolean },
): Promise<RequestTimes> {
  const { host, port, path, headers, model } = endpoint;
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: `#text=${text}` }] });
  const begun = performance.now();
  const response = await new Promise<IncomingMessage>((done, failed) => {
    const sent = request(
      {
        host, port, path, method: 'POST', agent, signal, timeout: TIMEOUT_MS,
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      done,
    ); // prettier-ignore
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', failed);
    sent.end(body);
  });
  let received = '';
  let firstTokenMs: number | undefined;
  response.setEncoding('utf8');
  for await (const piece of response) {
    received += piece as string;
    if (firstTokenMs === undefined && stream && hasText(received)) firstTokenMs = performance.now() - begun;
  }
  const totalMs = performance.now() - begun;
  const problem = problemOf(response.statusCode ?? 0, received, { text, stream });
  if (problem) throw new Error(problem);
  return { firstTokenMs: firstTokenMs ?? totalMs, totalMs };
}

/** Whether the received part of a stream contains any of the answer's text. */
export function hasText(received: string): boolean {
  return /"content": ?"[^"]/.test(received);
}

/** What is wrong with an answer; undefined if it is correct. */
export function problemOf(
  status: number,
  received: string,
  { text, stream }: { text: string; stream: boolean },
): string | undefined {
  const end = received.trim().slice(-200);
  if (status !== 200) return `status ${status}: ${end}`;
  if (stream) return end.endsWith('data: [DONE]') ? undefined : `the stream did not end with [DONE]: ${end}`;
  return received.includes(`"${text}"`) ? undefined : `a wrong answer: ${end}`;
}
