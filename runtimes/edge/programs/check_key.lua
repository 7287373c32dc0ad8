-- Asks a gateway whether a request's key is valid, before the edge waits for the request's body. The result is in txn.key_state:
-- `wrong`, or unset where the key is valid or no gateway can tell now. The gateway that gets the request checks the key again in any case.

local KEY_HEADERS = { 'authorization', 'x-api-key', 'api-key', 'x-litellm-api-key' }
local CACHE_SECONDS = 30
local MAX_CACHED = 1000
-- Hashes of valid keys, and until when they count as valid without another check. Wrong keys are not cached, so a client without a
-- valid key cannot fill the table.
local valid_until, count = {}, 0

local function cache(hash, now)
  if valid_until[hash] == nil then
    if count >= MAX_CACHED then
      valid_until, count = {}, 0
    end
    count = count + 1
  end
  valid_until[hash] = now + CACHE_SECONDS
end

core.register_action('check_key', { 'http-req' }, function(txn)
  local request_headers = txn.http:req_get_headers()
  local headers, text = {}, ''
  for _, name in ipairs(KEY_HEADERS) do
    if request_headers[name] ~= nil then
      local values = {}
      for number = 0, #request_headers[name] do
        values[number + 1] = request_headers[name][number]
        text = text .. name .. ':' .. request_headers[name][number] .. '\n'
      end
      headers[name] = values
    end
  end
  local now = core.now().sec
  local hash = txn.c:hex(txn.c:sha2(text, 256))
  if (valid_until[hash] or 0) > now then
    return
  end
  local response = core.httpclient():get({
    url = 'http://127.0.0.1/health/key',
    dst = 'unix@/tmp/key.sock',
    headers = headers,
    timeout = 2000,
  })
  if response.status == 401 then
    txn:set_var('txn.key_state', 'wrong')
  elseif response.status == 204 then
    cache(hash, now)
  end
end)
