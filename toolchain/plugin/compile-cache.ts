import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { home } from '../../console/home-paths.ts';

/**
 * Caches compiled code between runs: the engine waits for a plugin's port, and this halves the time until it is
 * printed. The cache is in our own folder, since whoever can write to it decides what is executed.
 */
export function cacheCompiledCode(): void {
  enableCompileCache(join(home(), 'cache', 'node'));
}
