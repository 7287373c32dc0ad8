// Starts Portkey's open-source gateway and the proxy in front of it (auth-proxy.mjs), in one container.
//
//   /run/secrets/client-keys.json      {"keys": [{"name", "sha256", "until"?}]}: the accepted client keys
//   /run/secrets/portkey-config.json   the routes with the providers' keys, rendered from the catalogue
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createAuthProxy } from './auth-proxy.mjs';
import { logError } from './log-error.mjs';
import { redactor } from './redact.mjs';

const PORT = Number(process.env.PORT ?? 8787);
const INNER = PORT + 1;
const SECRETS = process.env.SECRETS_DIR ?? '/run/secrets';
const GATEWAY = new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url).pathname;

const read = (name) => JSON.parse(readFileSync(`${SECRETS}/${name}`, 'utf8'));
const config = read('portkey-config.json');
const providers = config.targets.flatMap(({ targets }) => targets ?? []);
const redact = redactor(providers.flatMap(({ api_key: key }) => key ?? []));
const server = createAuthProxy({ config, clientKeys: read('client-keys.json').keys, redact, inner: INNER });

// Portkey rejects a whole config if it contains one private address. So the hosts that the operator configured are allowed, and no others.
const hosts = providers.flatMap(({ custom_host: host }) => (host ? [new URL(host).hostname] : []));
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
// Portkey prints a spinner, and errors that quote an upstream.
for (const stream of [portkey.stdout, portkey.stderr]) {
  stream.pipe(redact.stream()).on('data', (chunk) => {
    for (const line of String(chunk).split('\n'))
      if (line.trim() && !line.includes('Starting AI Gateway')) console.log(line);
  });
}
portkey.on('exit', (code) => process.exit(code ?? 1));

function stop() {
  // Requests in flight are finished; the container's stop timeout is the limit.
  server.close(() => portkey.kill('SIGTERM'));
  server.closeIdleConnections();
}
process.on('SIGTERM', stop).on('SIGINT', stop);
server.requestTimeout = 0;
// Once the server listens, an error in one request must not end the streams of all others. Before that, an error ends the process.
server.listen(PORT, () => process.on('uncaughtException', (error) => logError('uncaught', error)));
