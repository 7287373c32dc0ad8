/** Runs test_gateway.py, which takes as long as all of hooks.test.ts: so the two run at the same time. */
import { runsPython } from './run-python.ts';

const runPython = runsPython();

test('the whole gateway serves, hides keys, drains, and reports failures clearly', async () => {
  await runPython('test_gateway');
}, 900_000);
