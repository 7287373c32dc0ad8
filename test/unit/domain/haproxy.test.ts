import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderEdge } from '../../../domain/render/haproxy.ts';
import {
  CONNECTION_MB,
  CONNECTIONS,
  EDGE_BASE_MB,
  EDGE_MEMORY_MB,
  FRONT_CONNECTION_MB,
  FRONT_CONNECTIONS,
  SERVER_SLOTS,
} from '../../../domain/schema/edge-limits.ts';
import { settingsSchema } from '../../../domain/schema/settings-schema.ts';

const FOLDER = join(import.meta.dirname, '../../../runtimes/edge/programs');
const settings = { queueTimeoutSeconds: 45, maxBodyMb: 3 };

function rendered(name: string, wanted = settings): string {
  const file = { path: `/etc/switchyard/${name}`, content: readFileSync(join(FOLDER, name), 'utf8') };
  const [result] = renderEdge(wanted, [file]);
  expect(result?.path).toBe(file.path);
  return result?.content ?? '';
}

/** The lines of one of the configuration's sections. */
function section(config: string, title: string): string {
  return config.split(/^(?=\w)/m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}

/** The number behind a word in it. */
function number(text: string, word: string): number {
  return Number(new RegExp(`^ *${word} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('renderEdge', () => {
  const config = rendered('haproxy.cfg');
  const front = rendered('front.cfg');

  test('every setting reaches the proxy', () => {
    expect(config).toContain('x-switchyard-until %[date(45)]');
    expect(front).toContain('req.body_size gt 3145728');
    expect(front).toContain('larger than 3 MiB');
    expect(front).toContain('timeout queue 45s');
  });

  test('no name in braces is left', () => {
    expect(config + front + rendered('hold.lua') + rendered('check_key.lua')).not.toMatch(/\$\{/);
  });

  test('there are places for as many gateways as can stand side by side while all are replaced', () => {
    const allowed = Array.from({ length: 100 }, (_, n) => n + 1).filter(
      (n) => settingsSchema.shape.replicas.safeParse(n).success,
    );
    const most = Math.max(...allowed);
    expect(SERVER_SLOTS).toBeGreaterThanOrEqual(2 * most);
    const places = [...config.matchAll(/server-template gateway (\d+) /g)].map((match) => Number(match[1]));
    expect(places).toEqual([SERVER_SLOTS, SERVER_SLOTS]);
    expect(number(rendered('hold.lua'), 'local PLACES =')).toBe(SERVER_SLOTS);
    // Each of them can refuse a request once before it is known to be gone.
    expect(number(section(config, 'defaults'), 'retries')).toBeGreaterThan(most);
  });

  test('what waits and what is in flight has room in the memory', () => {
    // The front lets no more in than that, and takes idle connections besides, which have no buffer.
    expect(section(front, 'backend edge')).toContain(` maxconn ${CONNECTIONS} `);
    const connections = number(section(config, 'frontend edge'), 'maxconn');
    expect(connections).toBeGreaterThan(CONNECTIONS);
    // Two gateways' worth of requests at once, and each of them a second time within the edge.
    expect(CONNECTIONS).toBeGreaterThan(2 * 100);
    expect(number(section(config, 'global'), 'maxconn')).toBeGreaterThanOrEqual(2 * CONNECTIONS);
    const clients = number(section(front, 'frontend edge'), 'maxconn');
    expect(clients).toBe(FRONT_CONNECTIONS);
    expect(number(section(front, 'global'), 'maxconn')).toBe(FRONT_CONNECTIONS);
    expect(EDGE_BASE_MB + clients * FRONT_CONNECTION_MB + CONNECTIONS * CONNECTION_MB).toBeLessThanOrEqual(
      EDGE_MEMORY_MB,
    );
    // Both buffers of a connection.
    expect(2 * number(section(front, 'global'), 'tune.bufsize')).toBeLessThan(FRONT_CONNECTION_MB * 2 ** 20);
    // Whoever is idle leaves the others half of the room.
    expect(front).toContain(`set-header connection close if { fe_conn gt ${clients / 2} }`);
  });

  test('cleartext HTTP/2 is refused by both', () => {
    for (const text of [config, front])
      expect(section(text, 'defaults')).toContain('option disable-h2-upgrade');
  });

  test('a setting of the gateways leaves the edge alone', () => {
    const more = { ...settings, drainSeconds: 999, replicas: 8, memoryMb: 4096 };
    expect(rendered('haproxy.cfg', more)).toBe(config);
    expect(rendered('front.cfg', more)).toBe(front);
    expect(front).toContain('hard-stop-after 9s');
  });

  test("the proxy's own errors are JSON as clients expect it", () => {
    const errors = [...(config + front).matchAll(/(?:http-error|return) status (\d+) .*?string '(.*?)'/g)];
    expect(errors.map((match) => match[1])).toEqual(
      expect.arrayContaining(['400', '401', '408', '413', '500', '502', '503', '504']),
    );
    for (const [, , body = ''] of errors) {
      const answer = JSON.parse(body) as { type?: string; error: object };
      if (answer.type === undefined)
        expect(answer).toEqual({
          error: {
            message: expect.stringMatching(/\.$/) as string,
            type: expect.stringMatching(/^(invalid_request|server)_error$/) as string,
            param: null,
            code: expect.stringMatching(/^[a-z_]+$/) as string,
          },
        });
      // Anthropic's clients get theirs.
      else expect([answer.type, Object.keys(answer.error)]).toEqual(['error', ['type', 'message']]);
    }
  });

  test('what is logged holds no query, no header and no body', () => {
    const formats = (config + front).split('\n').filter((line) => /^\s*log-format/.test(line));
    expect(formats).toHaveLength(2);
    for (const format of formats) expect(format).not.toMatch(/%(HU|HQ|hr|hs|r\b|\[)/);
  });

  test('an unknown name is refused, with the file and the names that exist', () => {
    expect(() =>
      renderEdge(settings, [{ path: 'haproxy.cfg', content: 'timeout ${queueTimeoutSecond}s' }]),
    ).toThrow(
      /^haproxy.cfg: unknown name \$\{queueTimeoutSecond\}; allowed are queueTimeoutSeconds, maxBodyMb, maxBodyBytes, serverSlots, /,
    );
  });
});
