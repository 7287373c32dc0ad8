-- Holds a request while no gateway is ready, until the time that its header names (seconds since 1970).

local PLACES = ${gatewayPlaces}
local PAUSE = 50 -- milliseconds between looks
local looked, found = 0, false

-- HAProxy counts a gateway as up from its DNS answer to its first check, although it may be just starting. Nobody is released to
-- one that no check has found ready.
local function is_ready(server)
  local stats = server:get_stats()
  return stats.status:sub(1, 2) == 'UP' and (stats.check_status or ''):find('L7OK', 1, true) ~= nil
end

-- One look serves all that wait.
local function ready()
  local now = core.now()
  local ms = now.sec * 1000 + now.usec // 1000
  if ms - looked >= PAUSE then
    looked, found = ms, false
    local servers = core.backends.released.servers
    for number = 1, PLACES do
      found = found or is_ready(servers['gateway' .. number])
    end
  end
  return found
end

core.register_action('hold', { 'http-req' }, function(txn)
  local headers = txn.http:req_get_headers()
  local deadline = tonumber(headers['x-switchyard-until'][0])
  -- At least once: what was released and came back comes again without haste.
  core.msleep(PAUSE)
  while not ready() do
    if core.now().sec >= deadline then
      txn:set_var('txn.held', 'in_vain')
      return
    end
    core.msleep(PAUSE)
  end
end)
