import { cacheCompiledCode } from '../../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveRandom } = await import('./random-service.ts');
await serveRandom();
