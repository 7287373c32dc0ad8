/** Sends a fixed number of requests to one target and keeps their times. */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { UserError } from '../console/errors.ts';
import { type Answer, ask } from './ask.ts';
import type { Target } from './targets.ts';

/** What to send. */
export interface LoadOptions {
  requests: number;
  clients: number;
  stream?: boolean;
  /** The text of all requests: the same one each time. Left out, each has a text of its own, which no cache knows. */
  text?: string;
  signal: AbortSignal;
}

/** What came of it. */
export interface LoadResult {
  answers: Answer[];
  seconds: number;
}

/** A text that was never sent before: no cache knows its answer. */
export function newText(): string {
  return `b${randomBytes(8).toString('hex')}`;
}

/**
 * Sends the requests, each client one after the other, over connections that are kept.
 *
 * @throws UserError if one fails: times of failures are no figures.
 */
export async function load(target: Target, options: LoadOptions): Promise<LoadResult> {
  const { requests, clients, stream = false, text, signal } = options;
  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < requests) {
      begun += 1;
      answers.push(await ask(target.endpoint, text ?? newText(), { agent, signal, stream }));
    }
  };
  const from = performance.now();
  try {
    await Promise.all(Array.from({ length: Math.min(clients, requests) }, client));
  } catch (error) {
    begun = requests;
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
