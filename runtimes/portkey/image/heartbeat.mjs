// Loaded before Portkey's gateway: shows server.mjs twice a second that the event loop runs, and bounds how long an upstream may be silent.
import { Socket } from 'node:net';

const parent = new Socket({ fd: 3, readable: false, writable: true });
parent.on('error', () => undefined).unref();
setInterval(() => parent.write('.'), 500).unref();

// Portkey bounds the time until an upstream's headers (request_timeout). For the body there is only the 300 s of Node's fetch. Node does not
// export the class that has the setting, but the global instance, which `fetch` creates when it is first used, has it as its constructor.
const silentMs = Number(process.env.REQUEST_TIMEOUT_MS);
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
await fetch('data:,').catch(() => undefined);
const Agent = globalThis[DISPATCHER]?.constructor;
if (silentMs > 0 && Agent !== undefined)
  globalThis[DISPATCHER] = new Agent({ bodyTimeout: silentMs, headersTimeout: silentMs + 5000 });
