/** The CPU that a stack's containers take from their start until they are healthy. */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { meterOf } from './meter.ts';

/** The containers of a stack that got healthy, as Docker reports them. */
export class ColdStart {
  readonly #seconds = new Map<string, Promise<number>>();
  readonly #ended = new AbortController();

  /** Begins to listen; call it before the stack comes up. */
  constructor(stack: string) {
    const filters = ['type=container', 'event=health_status', `label=switchyard.stack=${stack}`];
    const events = execa(
      'docker',
      ['events', '--format', '{{json .}}', ...filters.flatMap((filter) => ['--filter', filter])],
      { reject: false, stdin: 'ignore', buffer: false, cancelSignal: this.#ended.signal },
    );
    createInterface({ input: events.stdout }).on('line', (line) => {
      const id = healthyContainer(line);
      if (id && !this.#seconds.has(id)) this.#seconds.set(id, cpuSeconds(id));
    });
  }

  /** The sum over some containers; one that Docker did not report counts as it is now. Ends the listening. */
  async sum(ids: readonly string[]): Promise<number> {
    this.end();
    const seconds = await Promise.all(ids.map((id) => this.#seconds.get(id) ?? cpuSeconds(id)));
    return seconds.reduce((sum, one) => sum + one, 0);
  }

  /** Ends the listening. */
  end(): void {
    this.#ended.abort();
  }
}

/** The id of the container that an event of Docker's calls healthy. */
export function healthyContainer(line: string): string | undefined {
  try {
    const event = JSON.parse(line) as { Action?: string; Actor?: { ID?: string } };
    return event.Action === 'health_status: healthy' ? event.Actor?.ID : undefined;
  } catch {
    return undefined;
  }
}

async function cpuSeconds(id: string): Promise<number> {
  return (await (await meterOf([id])).read()).cpuSeconds;
}
