/** A fake of the paid providers, as a container on a stack's network. Everything else in the tests is real. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { BASE_IMAGE } from '../infra/docker-names.ts';
import { ROOT } from '../console/home-paths.ts';

/** A request as the upstream received it. */
export interface ReceivedRequest {
  n: number;
  /** When it arrived, in seconds since 1970. */
  time: number;
  /** The address it came from. */
  peer: string;
  method: string;
  path: string;
  query: Record<string, string[]>;
  headers: Record<string, string>;
  provider: string;
  model: string | null;
  stream: boolean;
  /** JSON; for a body that was too long to record, its short fields and `"truncated": <its length>`. */
  body: string;
  /** The names of the offered tools. */
  tools: string[];
  /** The media types of the images and documents in it. */
  files: string[];
  answer: number | string;
  /** What was wrong in a request that the provider's own SDK could not send: the path and the kind of the first fault. */
  refused?: string;
  /** Only of a request that plans its answers (planned_answers.py): its name, and the id and usage in the answer; null if it told none. */
  ref?: string;
  id?: string;
  usage?: object | null;
  /** When each piece of a stream's text was sent, in seconds since 1970. */
  pieces?: number[];
}

/** A fault to inject; see sandbox/fake_upstream.py. */
export interface Fault {
  path?: string;
  model?: string;
  times?: number;
  delayMs?: number;
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  echoKey?: boolean | 'encoded' | 'stream';
  hang?: boolean;
  close?: boolean;
  cutAfter?: number;
}

/** A running fake. */
export class Upstream {
  /** Its name; also that of its container. */
  readonly name: string;
  /** Its address on the host: `http://127.0.0.1:<port>`. */
  readonly url: string;

  private constructor(name: string, url: string) {
    this.name = name;
    this.url = url;
  }

  /**
   * Starts a fake on a stack's network under the alias `upstream`, port 9000.
   *
   * @param stack a deployed stack, whose network is used.
   * @param port the port to publish on the host's 127.0.0.1.
   * @param bridgePort also a port on the host's address on Docker's network, which other containers reach.
   */
  static async start(stack: string, port: number, bridgePort?: number): Promise<Upstream> {
    const name = `switchyard-${stack}-upstream`;
    const more = bridgePort === undefined ? [] : ['--publish', `${await bridgeAddress()}:${bridgePort}:9000`];
    await execa('docker', [
      'run', '--detach', '--name', name, '--label', `switchyard.test=${stack}`,
      '--network', `switchyard-${stack}`, '--network-alias', 'upstream', '--publish', `127.0.0.1:${port}:9000`, ...more,
      '--volume', `${join(ROOT, 'sandbox')}:/sandbox:ro`,
      BASE_IMAGE, 'python3', '/sandbox/fake_upstream.py', '9000',
    ]); // prettier-ignore
    const upstream = new Upstream(name, `http://127.0.0.1:${port}`);
    await upstream.#untilListening();
    return upstream;
  }

  /** The requests received since the last {@link forget}; with `since`, those after the request with that number. */
  async requests(since = 0): Promise<ReceivedRequest[]> {
    const response = await fetch(`${this.url}/_requests?since=${since}`);
    const { requests } = (await response.json()) as { requests: ReceivedRequest[] };
    return requests.map((request) => ({ ...request, body: JSON.stringify(request.body) }));
  }

  /** Forgets requests and faults. */
  async forget(): Promise<void> {
    await fetch(`${this.url}/_requests`, { method: 'DELETE' });
    await fetch(`${this.url}/_faults`, { method: 'DELETE' });
  }

  /** Ends all faults; the recorded requests stay. */
  async clearFaults(): Promise<void> {
    await fetch(`${this.url}/_faults`, { method: 'DELETE' });
  }

  /** Adds faults. */
  async inject(...faults: Fault[]): Promise<void> {
    const response = await fetch(`${this.url}/_faults`, { method: 'POST', body: JSON.stringify(faults) });
    if (!response.ok) throw new Error(`the fake upstream refused a fault: ${await response.text()}`);
  }

  /** Removes the container. */
  async stop(): Promise<void> {
    await execa('docker', ['rm', '--force', this.name], { reject: false });
  }

  async #untilListening(): Promise<void> {
    for (let attempt = 0; attempt < 120; attempt += 1) {
      const answer = await fetch(`${this.url}/_health`).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(250);
    }
    throw new Error(`${this.name} did not listen within 30 s`);
  }
}

/** The host's address on Docker's default network: what `host.docker.internal` is in containers. */
async function bridgeAddress(): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  return (await execa('docker', ['network', 'inspect', 'bridge', '--format', format])).stdout.trim();
}

/** The paths of the providers in the fake: the provider's prefix, then the base path that its SDK expects. */
const PATHS: Record<string, string> = {
  openai: '/openai/v1',
  anthropic: '/anthropic',
  deepseek: '/deepseek/v1',
  groq: '/groq/openai/v1',
  mistral: '/mistral/v1',
  openrouter: '/openrouter/api/v1',
  together: '/together/v1',
  perplexity: '/perplexity',
  huggingface: '/huggingface/v1',
};

/**
 * The setting `baseUrls` that sends a stack's gateways, and the clients that call providers directly, to the fake.
 *
 * @param port the port that the fake will have on the host.
 */
export function upstreamBaseUrls(port: number): Record<string, { gateway: string; client: string }> {
  return Object.fromEntries(
    Object.entries(PATHS).map(([name, path]) => [
      name,
      {
        gateway: `http://upstream:9000${path}`,
        // Anthropic's SDK expects the version in the base URL, LiteLLM does not.
        client: `http://127.0.0.1:${port}${path}${name === 'anthropic' ? '/v1' : ''}`,
      },
    ]),
  );
}
