import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { home } from '../../console/home-paths.ts';

/**
 * Keeps compiled code from one run to the next: the engine waits for a plugin's port, and this halves the time until
 * it comes. In our own folder, since whoever may write there decides what runs.
 */
export function cacheCompiledCode(): void {
  enableCompileCache(join(home(), 'cache', 'node'));
}
