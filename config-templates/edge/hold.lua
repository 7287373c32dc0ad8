-- Holds a request while no gateway is ready, for as many seconds as the argument says, counted from its arrival at the edge.

local GATEWAYS = 8 -- as many as haproxy.cfg has places for
local PAUSE = 50 -- milliseconds between looks

local function ready(txn)
  for number = 1, GATEWAYS do
    -- A number, and in Lua 0 is true as well.
    if txn.f:srv_is_up('gateways/gateway' .. number) == 1 then
      return true
    end
  end
  return false
end

core.register_action('hold', { 'http-req' }, function(txn, seconds)
  local headers = txn.http:req_get_headers()
  local since = headers['x-switchyard-since'] and tonumber(headers['x-switchyard-since'][0]) or core.now().sec
  local patience = headers['x-switchyard-patience'] and 0 or tonumber(seconds)
  local rounds = headers['x-switchyard-rounds'] and tonumber(headers['x-switchyard-rounds'][0]) or 1
  core.msleep(PAUSE * rounds)
  while not ready(txn) do
    if core.now().sec >= since + patience then
      txn:set_var('txn.held', 'in_vain')
      return
    end
    core.msleep(PAUSE)
  end
end, 1)
