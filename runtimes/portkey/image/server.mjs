// Starts Portkey's open-source gateway and the proxy in front of it (auth-proxy.mjs), in one container.
//
//   /run/secrets/client-keys.json      {"keys": [{"name", "sha256", "until"?}]}: the accepted client keys
//   /run/secrets/portkey-config.json   the routes with the providers' keys, rendered from the catalogue, and `limits`
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createAuthProxy } from './auth-proxy.mjs';
import { logError } from './log-error.mjs';
import { redactor } from './redact.mjs';
import { watch } from './watchdog.mjs';

const PORT = Number(process.env.PORT ?? 8787);
const INNER = PORT + 1;
const SECRETS = process.env.SECRETS_DIR ?? '/run/secrets';
const GATEWAY = new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url).pathname;

const read = (name) => JSON.parse(readFileSync(`${SECRETS}/${name}`, 'utf8'));
// Portkey gets the config without the limits, which are for this process.
const { limits, ...config } = read('portkey-config.json');
const providers = config.targets.flatMap(({ targets }) => targets ?? []);
const redact = redactor(providers.flatMap(({ api_key: key }) => key ?? []));
const server = createAuthProxy({
  ...{ config, redact, inner: INNER },
  keyFile: `${SECRETS}/client-keys.json`,
  ready: () => watchdog.ready(),
  maxBodyBytes: limits.maxBodyMb * 1024 * 1024,
});

// Portkey rejects a whole config if it contains one private address. So the hosts that the operator configured are allowed, and no others.
const hosts = providers.flatMap(({ custom_host: host }) => (host ? [new URL(host).hostname] : []));
const portkey = spawn(
  process.execPath,
  [
    '--import',
    new URL('loopback.mjs', import.meta.url).pathname,
    '--import',
    new URL('heartbeat.mjs', import.meta.url).pathname,
    '--max-http-header-size=4194304',
    GATEWAY,
    `--port=${INNER}`,
    '--headless',
  ],
  {
    env: {
      ...{ PATH: process.env.PATH, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: hosts.join(',') },
      REQUEST_TIMEOUT_MS: String(limits.requestTimeout * 1000),
    },
    // The last one is for heartbeat.mjs.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
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

const watchdog = watch({
  pid: portkey.pid,
  beats: portkey.stdio[3],
  probe: () =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: INNER, path: '/', agent: false, timeout: 5000 };
      const sent = request(options, (answer) => answer.resume().on('end', resolve));
      sent
        .on('timeout', () => sent.destroy(new Error('timeout')))
        .on('error', reject)
        .end();
    }),
  // With this exit code Docker restarts the container.
  hung(reason) {
    console.error(`portkey: Portkey hung and was killed: ${reason}`);
    portkey.kill('SIGKILL');
    process.exit(70);
  },
});

function stop() {
  // Requests in flight are finished; the container's stop timeout is the limit.
  server.close(() => portkey.kill('SIGTERM'));
  server.closeIdleConnections();
}
process.on('SIGTERM', stop).on('SIGINT', stop);
server.requestTimeout = 0;
// Once the server listens, an error in one request must not end the streams of all others. Before that, an error ends the process.
server.listen(PORT, () => process.on('uncaughtException', (error) => logError('uncaught', error)));
