import { cacheCompiledCode } from '../../plugin/compile-cache.ts';

cacheCompiledCode();
const { serveRandom } = await import('./service.ts');
await serveRandom();
