import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  download,
  downloadUnchecked,
  fetchText,
  STALL_MS,
  Unreachable,
} from '../../../bootstrap/download.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-download-'));
const file = join(folder, 'file');
const content = Buffer.alloc(200_000, 'switchyard');
const sha256 = createHash('sha256').update(content).digest('hex');
let server: Server;

/** A real server that answers as told; its address. */
async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(file, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a complete file is kept', async () => {
  const url = await serve((_, response) => response.end(content));
  await download(url, file, { sha256 });
  expect(readFileSync(file).equals(content)).toBe(true);
});

test('a server that never sends a byte times out', async () => {
  const url = await serve(() => undefined);
  const begun = Date.now();
  await expect(download(url, file, { sha256, stallMs: 300 })).rejects.toThrow(/sent nothing for 0.3 s/);
  await expect(fetchText(url, 300)).rejects.toBeInstanceOf(Unreachable);
  expect(Date.now() - begun).toBeLessThan(STALL_MS);
  expect(existsSync(file)).toBe(false);
});

test('a server that stops sending times out too, and the incomplete file is removed', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000));
  });
  await expect(download(url, file, { sha256, stallMs: 300 })).rejects.toThrow(/sent nothing/);
  expect(existsSync(file)).toBe(false);
});

test('a slow server that keeps sending does not time out', async () => {
  const url = await serve((_, response) => {
    let sent = 0;
    const timer = setInterval(() => {
      response.write(content.subarray(sent, (sent += content.length / 4)));
      if (sent >= content.length) {
        clearInterval(timer);
        response.end();
      }
    }, 200);
  });
  await download(url, file, { sha256, stallMs: 600 });
  expect(readFileSync(file).equals(content)).toBe(true);
});

test('a connection that is closed early is an error', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000), () => response.destroy());
  });
  await expect(download(url, file, { sha256 })).rejects.toBeInstanceOf(Unreachable);
  expect(existsSync(file)).toBe(false);
});

test('a refused connection fails at once with that reason', async () => {
  const url = await serve(() => undefined);
  await new Promise((closed) => server.close(closed));
  await expect(download(url, file, { sha256 })).rejects.toThrow(/refuses connections/);
});

test('an error status is an error', async () => {
  const url = await serve((_, response) => response.writeHead(403).end('no'));
  await expect(download(url, file, { sha256 })).rejects.toThrow(/answered 403/);
});

test('a corrupted file is downloaded again', async () => {
  let asked = 0;
  const url = await serve((_, response) => response.end(++asked === 1 ? 'garbage' : content));
  const lines: string[] = [];
  await download(url, file, { sha256, progress: (line) => lines.push(line) });
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(lines).toEqual([`the download of ${url} is corrupted: downloading it again`]);
});

test('a file that is corrupted twice is an error, and nothing is kept', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.end('garbage');
  });
  await expect(download(url, file, { sha256 })).rejects.toMatchObject({ name: 'UserError', where: url });
  expect(asked).toBe(2);
  expect(existsSync(file)).toBe(false);
});

test('an unchecked download is kept, unless it is incomplete', async () => {
  const url = await serve((_, response) => response.end('anything'));
  await downloadUnchecked(url, file);
  expect(readFileSync(file, 'utf8')).toBe('anything');
  server.close();
  const half = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000), () => response.destroy());
  });
  await expect(downloadUnchecked(half, file)).rejects.toBeInstanceOf(Unreachable);
  expect(existsSync(file)).toBe(false);
});
