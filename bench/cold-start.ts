/** Measures the CPU time that a stack's containers use from their start until they are healthy. */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { meterOf } from './meter.ts';

/** Records the CPU time of a stack's containers when Docker reports them as healthy. */
export class ColdStart {
  readonly #seconds = new Map<string, Promise<number>>();
  readonly #ended = new AbortController();

  /** Starts listening to Docker's events; must be called before the stack is deployed. */
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

  /** The sum over these containers; for one that Docker did not report, its current CPU time counts. Stops listening. */
  async sum(ids: readonly string[]): Promise<number> {
    this.end();
    const seconds = await Promise.all(ids.map((id) => this.#seconds.get(id) ?? cpuSeconds(id)));
    return seconds.reduce((sum, one) => sum + one, 0);
  }

  /** Stops listening. */
  end(): void {
    this.#ended.abort();
  }
}

/** The id of the container that a Docker event reports as healthy; undefined for other events. */
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
