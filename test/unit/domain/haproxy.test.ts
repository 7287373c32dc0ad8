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
  PORTKEY_SLOTS,
  SERVER_SLOTS,
} from '../../../domain/schema/edge-limits.ts';
import { settingsSchema } from '../../../domain/schema/settings-schema.ts';

const FOLDER = join(import.meta.dirname, '../../../runtimes/edge/programs');
const settings = { queueTimeoutSeconds: 45, maxBodyMb: 3, cors: { origins: [] } };

function rendered(name: string, from = settings): string {
  const file = { path: `/etc/switchyard/${name}`, content: readFileSync(join(FOLDER, name), 'utf8') };
  const [result] = renderEdge(from, [file]);
  expect(result?.path).toBe(file.path);
  return result?.content ?? '';
}

/** The lines of one section of the configuration. */
function section(config: string, title: string): string {
  return config.split(/^(?=\w)/m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}

/** The number after a word. */
function number(text: string, word: string): number {
  return Number(new RegExp(`^ *${word} (\\d+)$`, 'm').exec(text)?.[1]);
}

/** The text that HAProxy makes of a log format of the errors: of each choice the text with this index, and the id. */
function evaluate(format: string, index: number, id: string): string {
  const choice = /%\[var\(txn\.anthropic,0\),bool,iif\("((?:\\.|[^"\\])*)","((?:\\.|[^"\\])*)"\)\]/g;
  return format
    .replace(choice, (_, ...texts: string[]) => texts[index]!.replace(/\\(.)/g, '$1'))
    .replaceAll('%[var(txn.id)]', id);
}

describe('renderEdge', () => {
  const config = rendered('haproxy.cfg');
  const front = rendered('front.cfg');

  test('every setting is rendered', () => {
    expect(config).toContain('x-switchyard-until %[date(45)]');
    expect(front).toContain('{ path_beg /portkey/ } { req.body_size gt 3145728 }');
    expect(front).toContain('larger than 3 MiB');
    expect(front).toContain('timeout queue 45s');
    expect(config).toContain('The request was queued for 45 s and no gateway became ready.');
  });

  test('all names in braces are replaced', () => {
    expect(config + front + rendered('queue.lua') + rendered('check_key.lua')).not.toMatch(/\$\{/);
  });

  test('there are enough server slots while all gateways are replaced', () => {
    const allowed = Array.from({ length: 100 }, (_, n) => n + 1).filter(
      (n) => settingsSchema.shape.replicas.safeParse(n).success,
    );
    const most = Math.max(...allowed);
    expect(SERVER_SLOTS).toBeGreaterThanOrEqual(2 * most);
    const slots = [...config.matchAll(/server-template gateway (\d+) /g)].map((match) => Number(match[1]));
    expect(slots).toEqual([SERVER_SLOTS, SERVER_SLOTS]);
    expect(number(rendered('queue.lua'), 'local SERVER_SLOTS =')).toBe(SERVER_SLOTS);
    // Each gateway can refuse a request once before HAProxy marks it as down.
    expect(number(section(config, 'defaults'), 'retries')).toBeGreaterThan(most);
    // The running Portkey, the new one, and one that was removed a moment ago.
    expect(PORTKEY_SLOTS).toBeGreaterThanOrEqual(3);
    expect(config).toContain(`server-template portkey ${PORTKEY_SLOTS} portkey:8787`);
  });

  test('queued requests and requests in flight fit into the memory limit', () => {
    // front.cfg passes on no more requests than that; idle connections, which have no buffer, come on top.
    expect(section(front, 'backend edge')).toContain(` maxconn ${CONNECTIONS} `);
    const connections = number(section(config, 'frontend edge'), 'maxconn');
    expect(connections).toBeGreaterThan(CONNECTIONS);
    // The concurrent requests of two gateways, each with a second connection inside the edge.
    expect(CONNECTIONS).toBeGreaterThan(2 * 100);
    expect(number(section(config, 'global'), 'maxconn')).toBeGreaterThanOrEqual(2 * CONNECTIONS);
    const clients = number(section(front, 'frontend edge'), 'maxconn');
    expect(clients).toBe(FRONT_CONNECTIONS);
    expect(number(section(front, 'global'), 'maxconn')).toBe(FRONT_CONNECTIONS);
    expect(EDGE_BASE_MB + clients * FRONT_CONNECTION_MB + CONNECTIONS * CONNECTION_MB).toBeLessThanOrEqual(
      EDGE_MEMORY_MB,
    );
    // A connection has two buffers.
    expect(2 * number(section(front, 'global'), 'tune.bufsize')).toBeLessThan(FRONT_CONNECTION_MB * 2 ** 20);
    // Idle connections leave half of the connections to others.
    expect(front).toContain(`set-header connection close if { fe_conn gt ${clients / 2} }`);
  });

  test('both processes refuse cleartext HTTP/2', () => {
    for (const text of [config, front])
      expect(section(text, 'defaults')).toContain('option disable-h2-upgrade');
  });

  test('a setting of the gateways does not change the edge', () => {
    const more = { ...settings, drainSeconds: 999, replicas: 8, memoryMb: 4096 };
    expect(rendered('haproxy.cfg', more)).toBe(config);
    expect(rendered('front.cfg', more)).toBe(front);
    expect(front).toContain('hard-stop-after 9s');
  });

  test.each([
    ['Anthropic', 0],
    ['OpenAI', 1],
  ])("the edge's own errors are JSON in the format of %s's API", (name, index) => {
    const errors = [...(config + front).matchAll(/(?:http-error|return) status (\d+) .*?string '(.*?)'/g)];
    expect(errors.map((match) => match[1])).toEqual(
      expect.arrayContaining(['400', '401', '408', '413', '500', '502', '503', '504']),
    );
    for (const [, , format = ''] of errors) {
      const body = evaluate(format, index, 'req-1234');
      expect(body).not.toContain('%[');
      // Before any rule has run there is no id.
      expect(() => JSON.parse(evaluate(format, index, '')) as unknown).not.toThrow();
      const message = expect.stringMatching(/\.$/) as string;
      const kind = expect.stringMatching(/^[a-z_]+$/) as string;
      expect(JSON.parse(body)).toEqual(
        name === 'Anthropic'
          ? { type: 'error', error: { type: kind, message }, request_id: 'req-1234' }
          : { error: { message, type: kind, param: null, code: kind, request_id: 'req-1234' } },
      );
    }
  });

  test("the message for a wrong key is the gateway's", () => {
    const text = readFileSync(join(FOLDER, '../../gateway/image/programs/request_filter.py'), 'utf8');
    const message = /^INVALID_KEY_MESSAGE = '(.*)'$/m.exec(text)?.[1] ?? 'missing';
    expect(front).toContain(JSON.stringify(message).slice(1, -1).replace(/["\\]/g, '\\$&'));
  });

  test('the log format has no query string, body or header, except the id of the request', () => {
    const formats = (config + front).split('\n').filter((line) => /^\s*log-format/.test(line));
    expect(formats).toHaveLength(2);
    for (const format of formats) {
      expect(format).toContain('%[var(txn.id)]');
      expect(format.replace('%[var(txn.id)]', '')).not.toMatch(/%(HU|HQ|hr|hs|r\b|\[)/);
    }
  });

  test('an unknown name is an error with the file and the allowed names', () => {
    expect(() => renderEdge(settings, [{ path: 'haproxy.cfg', content: 'timeout ${holdSecond}s' }])).toThrow(
      /^haproxy.cfg: unknown name \$\{holdSecond\}; allowed are queueTimeoutSeconds, maxBodyBytes, serverSlots, /,
    );
  });
});
