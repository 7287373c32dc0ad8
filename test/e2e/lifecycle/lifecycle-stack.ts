/** The throwaway stack of these tests: before its first `up`, interrupted, refused, fixed, with rotated keys, removed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkout } from '../../../sandbox/checkout.ts';
import { containersOf } from '../../harness/test-containers.ts';

export const MINUTE = 60_000;
/** A virtual key that the stack has from its first deployment on. */
export const FIRST_KEY = { alice: { owner: 'Alice', models: ['mock'] } };

/** The stack, with helpers for the tests. */
export class LifecycleStack {
  readonly checkout = new Checkout();
  stack = '';
  port = 0;

  /** Creates its settings; deploys nothing. */
  async start(): Promise<void> {
    this.checkout.stubLitellm();
    ({ stack: this.stack, port: this.port } = await this.checkout.addStack('life', { keys: FIRST_KEY }));
  }

  /** Docker's containers of the stack, by id, running or not. */
  containers(): string[] {
    return containersOf(this.stack);
  }

  /** The resources in the stack's state, without ciphertexts, which differ in each export. */
  async resources(): Promise<string> {
    const { stdout } = await this.checkout.pulumi(this.stack, ['stack', 'export']);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: unknown } };
    return JSON.stringify(deployment.resources).replaceAll(/"ciphertext":"[^"]*"/g, '');
  }

  /** The HTTP status that a client with this key gets. */
  async statusWith(key: string): Promise<number> {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/models`, { headers });
    await response.body?.cancel();
    return response.status;
  }

  /** The stack's key in the client's file. */
  clientKey(): string {
    const file = join(this.checkout.env.XDG_DATA_HOME!, 'opencode/auth.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { litellm: { key: string } }).litellm.key;
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await this.checkout.remove();
  }
}
