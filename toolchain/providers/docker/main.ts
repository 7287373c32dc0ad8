import { enableCompileCache } from 'node:module';

// The engine waits for the port: compiled code from the last run halves the time until it comes.
enableCompileCache();
const { serveDocker } = await import('./service.ts');
await serveDocker();
