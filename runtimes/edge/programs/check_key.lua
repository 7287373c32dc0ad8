-- Asks a gateway whether a request's key is valid, before its body is waited for. The verdict is in txn.key_state: `wrong`, or nothing
-- where the key is valid or no gateway can tell now: the gateway that gets the request checks the key again in any case.

local KEY_HEADERS = { 'authorization', 'x-api-key', 'api-key' }
local REMEMBERED_SECONDS = 30
local MOST_REMEMBERED = 1000
-- Hashes of valid keys, and until when they need not be asked for again. Wrong keys are not kept: nobody can fill the table with them.
local valid, count = {}, 0

local function remember(hash, now)
  if valid[hash] == nil then
    if count >= MOST_REMEMBERED then
      valid, count = {}, 0
    end
    count = count + 1
  end
  valid[hash] = now + REMEMBERED_SECONDS
end

core.register_action('check_key', { 'http-req' }, function(txn)
  local given = txn.http:req_get_headers()
  local headers, text = {}, ''
  for _, name in ipairs(KEY_HEADERS) do
    if given[name] ~= nil then
      local values = {}
      for number = 0, #given[name] do
        values[number + 1] = given[name][number]
        text = text .. name .. ':' .. given[name][number] .. '\n'
      end
      headers[name] = values
    end
  end
  local now = core.now().sec
  local hash = txn.c:hex(txn.c:sha2(text, 256))
  if (valid[hash] or 0) > now then
    return
  end
  local answer = core.httpclient():get({
    url = 'http://127.0.0.1/health/key',
    dst = 'unix@/tmp/key.sock',
    headers = headers,
    timeout = 2000,
  })
  if answer.status == 401 then
    txn:set_var('txn.key_state', 'wrong')
  elseif answer.status == 204 then
    remember(hash, now)
  end
end)
