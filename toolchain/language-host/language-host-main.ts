import { cacheCompiledCode } from '../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveLanguageHost } = await import('./host.ts');
await serveLanguageHost(process.argv.at(-1) ?? '');
