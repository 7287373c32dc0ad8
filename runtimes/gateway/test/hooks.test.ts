/**
 * Runs the tests of the gateway's Python programs in the gateway's image, as its user, without a network.
 *
 * The first build of the image takes two minutes. Docker caches the layers, and the images of the stacks share them.
 */
import { runsPython } from './run-python.ts';
import { SOAK } from '../../../test/harness/soak.ts';

const runPython = runsPython();

test('keys are redacted in every encoding and however a stream is split', async () => {
  await runPython('test_redact');
}, 60_000);

test('the request filter accepts only what clients need', async () => {
  await runPython('test_request_filter');
}, 60_000);

test('no request can choose its upstream, and every name that LiteLLM knows is either denied or known as harmless', async () => {
  await runPython('test_request_policy');
}, 300_000);

test('a request has only fields that an API or a provider publishes, or that LiteLLM does not know', async () => {
  await runPython('test_known_fields');
}, 300_000);

test('a provider gets only fields that it publishes', async () => {
  await runPython('test_provider_fields');
}, 60_000);

test('the fake upstream refuses what the SDK of a provider could not send', async () => {
  await runPython('test_strict_requests');
}, 60_000);

test('a request can use only served models, on the routes of their mode', async () => {
  await runPython('test_served_models');
}, 60_000);

test('a field of a wrong type is rejected by its name', async () => {
  await runPython('test_field_types');
}, 60_000);

test('the depth and the number of values of a body are limited, whatever is in its strings', async () => {
  await runPython('test_bounds');
}, 300_000);

test('an error is classified by its cause, and has the message of the provider', async () => {
  await runPython('test_failure_kinds');
}, 60_000);

test('after a failure the right deployment is called, and the right one is in cooldown', async () => {
  await runPython('test_failure_policy');
}, 60_000);

test('every key is asked for in the form of its provider, and of the response only the status is told', async () => {
  await runPython('test_ask_providers');
}, 60_000);

test('only the routes that clients need are registered', async () => {
  await runPython('test_fast_import');
}, 300_000);

test('the garbage collector runs only between callbacks of the event loop', async () => {
  await runPython('test_collector');
}, 60_000);

test('a body is limited in size, memory and time, however it arrives', async () => {
  await runPython('test_upload');
}, 120_000);

test('a request that is not valid HTTP gets an error of the API, however long its body is', async () => {
  await runPython('test_invalid_http');
}, 60_000);

test('a request is handed to LiteLLM at most twice, even if gateways are killed', async () => {
  await runPython('test_hand_over');
}, 60_000);

test('the cache gives a stored answer only to the same request of the same key, and no trouble of its file fails a request', async () => {
  await runPython('test_cache_rules', 'test_cache_answer', 'test_cache_file', 'test_cache');
}, 60_000);

test(
  'gateways that share a cache and are killed give no wrong answer',
  async () => {
    await runPython('test_cache_walk');
  },
  SOAK ? 1_800_000 : 60_000,
);

test('only requests that the edge queued wait for a slot', async () => {
  await runPython('test_admission');
}, 60_000);

test('an internal failure is an error in the format of the API', async () => {
  await runPython('test_error_boundary');
}, 60_000);

test('no key gets into the log, in a line of any length', async () => {
  await runPython('test_supervisor');
}, 60_000);

test('what hangs is killed, and nothing that is only busy or waits for a CPU or a disk', async () => {
  await runPython('test_watchdog');
}, 400_000);

test('LiteLLM does nothing for each request that the configuration does not use', async () => {
  await runPython('test_unused_work');
}, 120_000);

test('the warm-up is bounded in time', async () => {
  await runPython('test_warmup');
}, 60_000);

test("the ledger counts tokens and money by each provider's own arithmetic", async () => {
  await runPython('test_ledger_counting', 'test_off_peak');
}, 60_000);

test("the ledger's migrations make its schema, and every earlier database keeps working", async () => {
  await runPython('test_ledger_schema');
}, 60_000);

test('the ledger works alike on PostgreSQL', async () => {
  await runPython('test_ledger_postgresql');
}, 300_000);

test(
  'what usage reads does not grow with the requests, and old rows are removed',
  async () => {
    await runPython('test_ledger_report');
  },
  SOAK ? 1_800_000 : 120_000,
);

test('the ledger loses no row when its database is locked, damaged or deleted', async () => {
  await runPython('test_ledger_writer');
}, 120_000);

test('a full disk fails no request without a budget, and when there is space again every row is written once', async () => {
  await runPython('test_ledger_full_disk');
}, 180_000);

test(
  'a gateway that is killed loses no row of the ledger older than a moment, and leaves nothing reserved',
  async () => {
    await runPython('test_ledger_kills');
  },
  SOAK ? 3_600_000 : 120_000,
);

test('windows of budgets follow the clocks of their zone, without a gap or an overlap', async () => {
  await runPython('test_windows');
}, 60_000);

test('budgets are never overdrawn: by many processes at once, by a killed one, by what attempts cost', async () => {
  await runPython('test_ledger_limits');
}, 300_000);

test('a limit refuses in the shape of the API and says why, whatever happens to the database', async () => {
  await runPython('test_limits_filter');
}, 120_000);

test('a check is done on the event loop as long as nothing there waits', async () => {
  await runPython('test_limits_on_loop');
}, 180_000);

test('no way leads round the models and the budget of a key, and no hostile key gets into a log', async () => {
  await runPython('test_limits_ways_round');
}, 180_000);
