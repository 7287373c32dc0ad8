import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderEdge } from '../../../catalog/edge.ts';

const FOLDER = join(import.meta.dirname, '../../../config-templates/edge');
const settings = { holdSeconds: 45, drainSeconds: 90, maxBodyMb: 3 };

function rendered(name: string): string {
  const file = { path: `/etc/switchyard/${name}`, content: readFileSync(join(FOLDER, name), 'utf8') };
  const [result] = renderEdge(settings, [file]);
  expect(result?.path).toBe(file.path);
  return result?.content ?? '';
}

describe('renderEdge', () => {
  const config = rendered('haproxy.cfg');

  test('every setting reaches the proxy', () => {
    expect(config).toContain('lua.hold 45');
    expect(config).toContain('hard-stop-after 90s');
    expect(config).toContain('req.body_size gt 3145728');
    expect(config).toContain('larger than 3 MiB');
  });

  test('no name in braces is left', () => {
    expect(config + rendered('hold.lua')).not.toMatch(/\$\{/);
  });

  test('HAProxy and its script agree on the number of gateways', () => {
    const places = /server-template gateway (\d+) /.exec(config)?.[1];
    expect(/GATEWAYS = (\d+)/.exec(rendered('hold.lua'))?.[1]).toBe(places);
    expect(Number(places)).toBeGreaterThanOrEqual(8);
  });

  test('what is logged holds no query, no header and no body', () => {
    const formats = config.split('\n').filter((line) => /^\s*log-format/.test(line));
    expect(formats).toHaveLength(1);
    expect(formats[0]).not.toMatch(/%(HU|HQ|hr|hs|r\b|\[)/);
  });

  test('an unknown name is refused, with the file and the names that exist', () => {
    expect(() => renderEdge(settings, [{ path: 'haproxy.cfg', content: 'timeout ${holdSecond}s' }])).toThrow(
      'haproxy.cfg: unknown name ${holdSecond}; allowed are holdSeconds, drainSeconds, maxBodyMb, maxBodyBytes',
    );
  });
});
