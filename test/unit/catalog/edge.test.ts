import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CONNECTION_MB,
  CONNECTIONS,
  EDGE_BASE_MB,
  EDGE_MEMORY_MB,
  GATEWAY_PLACES,
  renderEdge,
} from '../../../catalog/edge.ts';
import { settingsSchema } from '../../../stacks/settings-schema.ts';

const FOLDER = join(import.meta.dirname, '../../../config-templates/edge');
const settings = { holdSeconds: 45, maxBodyMb: 3 };

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

  test('every setting reaches the proxy', () => {
    expect(config).toContain('x-switchyard-until %[date(45)]');
    expect(config).toContain('req.body_size gt 3145728');
    expect(config).toContain('larger than 3 MiB');
  });

  test('no name in braces is left', () => {
    expect(config + rendered('hold.lua')).not.toMatch(/\$\{/);
  });

  test('there are places for as many gateways as can stand side by side while all are replaced', () => {
    const allowed = Array.from({ length: 100 }, (_, n) => n + 1).filter(
      (n) => settingsSchema.shape.replicas.safeParse(n).success,
    );
    const most = Math.max(...allowed);
    expect(GATEWAY_PLACES).toBeGreaterThanOrEqual(2 * most);
    const places = [...config.matchAll(/server-template gateway (\d+) /g)].map((match) => Number(match[1]));
    expect(places).toEqual([GATEWAY_PLACES, GATEWAY_PLACES]);
    expect(number(rendered('hold.lua'), 'local PLACES =')).toBe(GATEWAY_PLACES);
    // Each of them can refuse a request once before it is known to be gone.
    expect(number(section(config, 'defaults'), 'retries')).toBeGreaterThan(most);
  });

  test('what waits and what is in flight has room in the memory', () => {
    const edge = section(config, 'frontend edge');
    const connections = number(edge, 'maxconn');
    expect(connections).toBe(CONNECTIONS);
    expect(EDGE_BASE_MB + connections * CONNECTION_MB).toBeLessThanOrEqual(EDGE_MEMORY_MB);
    // Two gateways' worth of requests at once, and each of them a second time within the edge.
    expect(connections).toBeGreaterThan(2 * 100);
    expect(number(section(config, 'global'), 'maxconn')).toBeGreaterThanOrEqual(2 * connections);
    // Whoever is idle leaves the others half of the room.
    expect(edge).toContain(`set-header connection close if { fe_conn gt ${Math.floor(connections / 2)} }`);
  });

  test('a setting of the gateways leaves the edge alone', () => {
    const more = { ...settings, drainSeconds: 999, replicas: 8, memoryMb: 4096 };
    expect(rendered('haproxy.cfg', more)).toBe(config);
    expect(config).toContain('hard-stop-after 9s');
  });

  test("the proxy's own errors are JSON as clients expect it", () => {
    const errors = [...config.matchAll(/(?:http-error|return) status (\d+) .*?string '(.*?)'/g)];
    expect(errors.map((match) => match[1])).toEqual(
      expect.arrayContaining(['400', '408', '413', '500', '502', '503', '504']),
    );
    for (const [, , body = ''] of errors)
      expect(JSON.parse(body)).toEqual({
        error: {
          message: expect.stringMatching(/\.$/) as string,
          type: expect.stringMatching(/^(invalid_request|server)_error$/) as string,
          param: null,
          code: expect.stringMatching(/^[a-z_]+$/) as string,
        },
      });
  });

  test('what is logged holds no query, no header and no body', () => {
    const formats = config.split('\n').filter((line) => /^\s*log-format/.test(line));
    expect(formats).toHaveLength(1);
    expect(formats[0]).not.toMatch(/%(HU|HQ|hr|hs|r\b|\[)/);
  });

  test('an unknown name is refused, with the file and the names that exist', () => {
    expect(() => renderEdge(settings, [{ path: 'haproxy.cfg', content: 'timeout ${holdSecond}s' }])).toThrow(
      /^haproxy.cfg: unknown name \$\{holdSecond\}; allowed are holdSeconds, maxBodyMb, maxBodyBytes, gatewayPlaces, /,
    );
  });
});
