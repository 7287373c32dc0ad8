/**
 * Import this before `@pulumi/pulumi`: it makes the SDK cheaper to load and to run. Each deployment and preview loads it twice, for the
 * command and for the program.
 *
 * - The SDK loads the TypeScript compiler and npm's Arborist, 450 modules, which it needs only to serialize functions: here they are loaded
 *   when they are first used. That saves a third of a second of CPU in each process.
 * - The SDK takes a stack trace for every resource and property, and its runner has each mapped by source-map-support, which takes half a
 *   second in total. Node runs this project's files as they are written, so there is nothing to map.
 */
import { createRequire, Module } from 'node:module';

/** Modules of which the SDK reads nothing before it serializes a function. */
const UNUSED = ['typescript', '@npmcli/arborist'];

const require = createRequire(import.meta.resolve('@pulumi/pulumi'));
for (const name of UNUSED) loadOnFirstUse(name);
Object.assign(Error, { prepareStackTrace: undefined });

/** Puts a substitute for a package's module into Node's cache, which loads the module when one of its exports is read. */
function loadOnFirstUse(name: string): void {
  let file: string;
  try {
    file = require.resolve(name);
  } catch {
    // It is not installed: the SDK decides what that means.
    return;
  }
  if (require.cache[file]) return;
  const substitute = new Module(file);
  substitute.filename = file;
  substitute.loaded = true;
  substitute.exports = new Proxy(
    {},
    {
      get(_target, property) {
        // The SDK's imports ask for this first, and would otherwise copy all exports.
        if (property === '__esModule') return true;
        if (require.cache[file] === substitute) delete require.cache[file];
        return (require(name) as Record<string | symbol, unknown>)[property];
      },
    },
  );
  require.cache[file] = substitute;
}
