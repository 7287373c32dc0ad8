import { cacheCompiledCode } from '../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveLanguageHost } = await import('./language-host.ts');
await serveLanguageHost(process.argv.at(-1) ?? '');
