import { strike } from './strike.ts';
import type { Drill } from './drill-types.ts';

/** kill -9 of a gateway's LiteLLM process. */
export const kill: Drill = {
  name: 'kill',
  claim:
    'of a gateway that is killed only what it had begun can fail; everything else is answered, held while no gateway is ready',
  run: (context) => strike(context, 'SIGKILL', 300),
};
