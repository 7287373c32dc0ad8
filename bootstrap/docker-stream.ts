import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';

/** A line of Docker's progress stream: the fields used here. */
export interface DockerEvent {
  status?: string;
  error?: string;
  aux?: { ID?: string };
}

/**
 * Reads a progress stream of Docker to its end and returns its events.
 *
 * @param stallMs milliseconds without a line after which it fails; no limit by default.
 * @throws Error with the first error that the stream reports, or if it stalls.
 */
export async function consumeStream(stream: NodeJS.ReadableStream, stallMs?: number): Promise<DockerEvent[]> {
  const source = stream as Readable;
  const events: DockerEvent[] = [];
  const giveUp = () => source.destroy(new Error(`sent nothing for ${stallMs! / 1000} s`));
  let timer = stallMs ? setTimeout(giveUp, stallMs) : undefined;
  try {
    let failure: unknown;
    source.once('error', (error) => (failure = error));
    for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
      timer?.refresh();
      if (line.trim() === '') continue;
      const event = JSON.parse(line) as DockerEvent;
      if (event.error) throw new Error(event.error);
      events.push(event);
    }
    if (failure instanceof Error) throw failure;
    return events;
  } finally {
    clearTimeout(timer);
    timer = undefined;
    source.destroy();
  }
}
