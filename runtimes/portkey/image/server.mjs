// Portkey's open-source gateway and the door before it (door.mjs), in one container.
//
//   /run/secrets/client-keys.json      {"keys": [{"name", "sha256", "until"?}]}: who may ask
//   /run/secrets/portkey-config.json   the routes with the providers' keys, rendered from the catalogue
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createDoor } from './door.mjs';
import { redactor } from './redact.mjs';
import { report } from './report.mjs';

const PORT = Number(process.env.PORT ?? 8787);
const INNER = PORT + 1;
const SECRETS = process.env.SECRETS_DIR ?? '/run/secrets';
const GATEWAY = new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url).pathname;

const read = (name) => JSON.parse(readFileSync(`${SECRETS}/${name}`, 'utf8'));
const config = read('portkey-config.json');
const leaves = config.targets.flatMap(({ targets }) => targets ?? []);
const redact = redactor(leaves.flatMap(({ api_key: key }) => key ?? []));
const server = createDoor({ config, clientKeys: read('client-keys.json').keys, redact, inner: INNER });

// Portkey refuses private addresses, and a config as a whole for the sake of one. It may ask those that the operator named, no others.
const hosts = leaves.flatMap(({ custom_host: host }) => (host ? [new URL(host).hostname] : []));
const portkey = spawn(
  process.execPath,
  [
    '--import',
    new URL('loopback.mjs', import.meta.url).pathname,
    '--max-http-header-size=4194304',
    GATEWAY,
    `--port=${INNER}`,
    '--headless',
  ],
  {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: hosts.join(',') },
    stdio: ['ignore', 'pipe', 'pipe'],
  },
);
// It prints a spinner, and errors with what an upstream said.
for (const stream of [portkey.stdout, portkey.stderr]) {
  stream.pipe(redact.stream()).on('data', (chunk) => {
    for (const line of String(chunk).split('\n'))
      if (line.trim() && !line.includes('Starting AI Gateway')) console.log(line);
  });
}
portkey.on('exit', (code) => process.exit(code ?? 1));

function stop() {
  // What is in flight is finished; the container's stop timeout is the bound.
  server.close(() => portkey.kill('SIGTERM'));
  server.closeIdleConnections();
}
process.on('SIGTERM', stop).on('SIGINT', stop);
server.requestTimeout = 0;
// Once it serves, one request's mistake must not end the streams of all the others. Before that, a mistake ends the process.
server.listen(PORT, () => process.on('uncaughtException', (error) => report('uncaught', error)));
