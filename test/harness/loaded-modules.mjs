/** For `node --import`: appends each package module that this process loads to the file in SWITCHYARD_TEST_LOADED, one per line. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    const path = url.split('/node_modules/')[1];
    if (path !== undefined) appendFileSync(process.env.SWITCHYARD_TEST_LOADED, `${path}\n`);
    return nextLoad(url, context);
  },
});
