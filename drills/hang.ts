import { strike } from './strike.ts';
import type { Drill } from './drill-types.ts';

/** kill -STOP of a gateway's LiteLLM process: it accepts connections and never answers. */
export const hang: Drill = {
  name: 'hang',
  claim: 'a gateway that hangs is restarted without an operator; only what it had begun can fail',
  run: (context) => strike(context, 'SIGSTOP', 300),
};
