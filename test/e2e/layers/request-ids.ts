import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type LayersStack, MINUTE, question } from './layers-stack.ts';

/** The body of an error, in the format of either API. */
interface ErrorBody {
  request_id?: string;
  error: { message: string; request_id?: string };
}

/** Tests that the id in a client's error leads to the lines about the request in the logs of the edge and of the gateway. */
export function requestIds(stack: LayersStack): void {
  describe('the id of a failed request', () => {
    test.each<[string, string, string]>([
      ['of the provider', '/v1/chat/completions', 'perplexity-sonar'],
      ["of the provider, to a client of Anthropic's API", '/v1/messages', 'perplexity-sonar'],
      ['of the gateway', '/v1/chat/completions', 'no-such-model'],
      ["of the gateway, to a client of Anthropic's API", '/v1/messages', 'no-such-model'],
    ])(
      'is in an error %s, in the header, and in both logs',
      async (_, path, model) => {
        await stack.resetFaults();
        await stack.injectFaults({ path: '/perplexity', status: 503 });
        const id = `walk-${randomBytes(8).toString('hex')}`;
        const body = { model, messages: question(), max_tokens: 10 };
        const response = await stack.post(path, body, { 'x-request-id': id });
        const error = (await response.json()) as ErrorBody;
        expect(response.status).toBe(model === 'no-such-model' ? 404 : 503);
        expect(response.headers.get('x-request-id')).toBe(id);
        expect(error.request_id ?? error.error.request_id).toBe(id);
        expect(await lines(stack, 'edge', id)).toEqual([
          expect.stringContaining(`request ${id}: ${response.status} POST ${path}`),
        ]);
        const logged = (await lines(stack, 'gateway', id)).join('\n');
        expect(logged).toContain(
          `switchyard: request ${id}: POST '${path}' responds with ${response.status}`,
        );
        if (response.status === 503) expect(logged).toMatch(/failed with status 503 \(provider\)/);
      },
      MINUTE,
    );

    test('is a new one if the client sends none, and another one for each request', async () => {
      const ids = new Set<string | null>();
      for (let count = 0; count < 3; count += 1) {
        const response = await stack.chat('no-such-model');
        const { error } = (await response.json()) as ErrorBody;
        expect(error.request_id).toBe(response.headers.get('x-request-id'));
        ids.add(response.headers.get('x-request-id'));
      }
      expect(ids.size).toBe(3);
    });
  });
}

/** The lines with a text in the logs of the containers with this role. Docker has a line a moment after it was written. */
async function lines(stack: LayersStack, role: string, text: string): Promise<string[]> {
  await sleep(500);
  const logs = await Promise.all(
    (await stack.containers(role)).map((id) => execa('docker', ['logs', id], { all: true })),
  );
  return logs.flatMap(({ all }) => all.split('\n').filter((line) => line.includes(text)));
}
