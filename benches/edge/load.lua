-- One case's requests for wrk, and a count of the answers that are not the expected ones.
-- wrk … -- METHOD STATUS HEADERS [KEYS FIRST]: HEADERS is a file of `name: value` lines; with KEYS, a file of keys line by line,
-- each request carries the next one, from the one at FIRST on.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local keys, position = nil, 0

function init(arguments)
  wrk.method = arguments[1]
  expected = tonumber(arguments[2])
  wrong, answers = 0, 0
  for line in io.lines(arguments[3]) do
    local name, value = line:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  if wrk.method == "POST" then
    wrk.body = '{"amount":1200,"currency":"eur","reference":"order-20391"}'
  end
  if arguments[4] then
    keys = {}
    for key in io.lines(arguments[4]) do keys[#keys + 1] = key end
    position = tonumber(arguments[5])
    -- The request is put together once; what changes is the key alone, of which all are of one length.
    wrk.headers["Authorization"] = "Bearer " .. keys[1]
  end
  local whole = wrk.format()
  if keys then
    local from, to = whole:find(keys[1], 1, true)
    local before, after = whole:sub(1, from - 1), whole:sub(to + 1)
    request = function()
      position = position % #keys + 1
      return before .. keys[position] .. after
    end
  else
    request = function() return whole end
  end
end

function response(status)
  answers = answers + 1
  if status ~= expected then wrong = wrong + 1 end
end

function done(summary, latency)
  local wrong, answers = 0, 0
  for _, thread in ipairs(threads) do
    wrong, answers = wrong + thread:get("wrong"), answers + thread:get("answers")
  end
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("bench %d %d %d %d %d\n", answers, wrong, broken, summary.duration, latency:percentile(50)))
end
