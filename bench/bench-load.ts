/** Sends a fixed number of requests to one target and records their times. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { UserError } from '../console/errors.ts';
import { ask, type RequestTimes } from './ask.ts';
import type { Target } from './targets.ts';

/** Options of a load. */
export interface LoadOptions {
  requests: number;
  clients: number;
  stream?: boolean;
  /** The text of all requests. By default each request has a different text, which is in no cache. */
  text?: string;
  signal: AbortSignal;
}

/** The result of a load. */
export interface LoadResult {
  answers: RequestTimes[];
  seconds: number;
}

/** A text that was never sent before, so that no cache has its answer. */
export function newText(): string {
  return `b${randomBytes(8).toString('hex')}`;
}

/**
 * Sends the requests over persistent connections; each client sends them one after the other.
 *
 * @throws UserError if one fails, because the times of failures are not usable.
 */
export async function load(target: Target, options: LoadOptions): Promise<LoadResult> {
  const { requests, clients, stream = false, text, signal } = options;
  const agent = new Agent({ keepAlive: true });
  const answers: RequestTimes[] = [];
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < requests) {
      sent += 1;
      answers.push(await ask(target.endpoint, text ?? newText(), { agent, signal, stream }));
    }
  };
  const from = performance.now();
  try {
    await Promise.all(Array.from({ length: Math.min(clients, requests) }, client));
  } catch (error) {
    sent = requests;
    signal.throwIfAborted();
    throw new UserError(`${target.name} did not answer a request of the benchmark`, {
      where: `${target.endpoint.host}:${target.endpoint.port}${target.endpoint.path}`,
      found: error instanceof Error ? error.message : String(error),
    });
  } finally {
    agent.destroy();
  }
  return { answers, seconds: (performance.now() - from) / 1000 };
}
