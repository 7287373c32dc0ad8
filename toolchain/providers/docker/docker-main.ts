import { cacheCompiledCode } from '../../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveDocker } = await import('./docker-service.ts');
await serveDocker();
