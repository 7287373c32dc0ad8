import { enableCompileCache } from 'node:module';

// The engine waits for the port: compiled code from the last run halves the time until it comes.
enableCompileCache();
const { serveLanguageHost } = await import('./host.ts');
await serveLanguageHost(process.argv.at(-1) ?? '');
