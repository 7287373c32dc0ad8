import { cacheCompiledCode } from '../../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveDocker } = await import('./service.ts');
await serveDocker();
