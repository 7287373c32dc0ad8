/** The fake of the paid providers as a process on loopback, for tests without a stack. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';
import { freePort } from '../../sandbox/free-port.ts';
import type { Fault, ReceivedRequest } from '../../sandbox/upstream.ts';

/** A running fake. */
export interface LocalUpstream {
  /** `http://127.0.0.1:<port>`; append a provider's name. */
  url: string;
  requests(): Promise<ReceivedRequest[]>;
  /** Deletes the recorded requests and the faults. */
  forget(): Promise<void>;
  inject(...faults: Fault[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a fake on a free port. */
export async function startLocalUpstream(): Promise<LocalUpstream> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = execa('python3', [join(ROOT, 'sandbox/fake_upstream.py'), String(port)], {
    reject: false,
    buffer: false,
  });
  for (let attempt = 0; !(await fetch(`${url}/_health`).catch(() => undefined))?.ok; attempt += 1) {
    if (attempt > 120) throw new Error('the fake upstream did not listen within 30 s');
    await sleep(250);
  }
  return {
    url,
    async requests() {
      return ((await (await fetch(`${url}/_requests`)).json()) as { requests: ReceivedRequest[] }).requests;
    },
    async forget() {
      await fetch(`${url}/_requests`, { method: 'DELETE' });
      await fetch(`${url}/_faults`, { method: 'DELETE' });
    },
    async inject(...faults) {
      const response = await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(faults) });
      if (!response.ok) throw new Error(`the fake upstream refused a fault: ${await response.text()}`);
    },
    async stop() {
      child.kill('SIGTERM');
      await child;
    },
  };
}
