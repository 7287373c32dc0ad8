-- Queues a request while no gateway is ready, until the time in its header x-switchyard-until (seconds since 1970).

local SERVER_SLOTS = ${serverSlots}
local POLL_MS = 50 -- milliseconds between two checks
local checked_at, any_ready = 0, false

-- Between a gateway's DNS answer and its first check HAProxy counts it as up, although it may still be starting. So a request is
-- released only to a gateway that a check has found ready.
local function is_ready(server)
  local stats = server:get_stats()
  return stats.status:sub(1, 2) == 'UP' and (stats.check_status or ''):find('L7OK', 1, true) ~= nil
end

-- All queued requests share the result of one check.
local function gateway_is_ready()
  local now = core.now()
  local ms = now.sec * 1000 + now.usec // 1000
  if ms - checked_at >= POLL_MS then
    checked_at, any_ready = ms, false
    local servers = core.backends.retry.servers
    for number = 1, SERVER_SLOTS do
      any_ready = any_ready or is_ready(servers['gateway' .. number])
    end
  end
  return any_ready
end

core.register_action('wait_for_gateway', { 'http-req' }, function(txn)
  local headers = txn.http:req_get_headers()
  local deadline = tonumber(headers['x-switchyard-until'][0])
  -- Sleep at least once, so that a request that failed after its release does not spin.
  core.msleep(POLL_MS)
  while not gateway_is_ready() do
    if core.now().sec >= deadline then
      txn:set_var('txn.queue_result', 'timed_out')
      return
    end
    core.msleep(POLL_MS)
  end
end)
