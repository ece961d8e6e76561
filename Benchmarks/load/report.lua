-- For wrk: a route from the environment, and what came of it as one line of JSON.
wrk.method = os.getenv("LOAD_METHOD")
wrk.body = os.getenv("LOAD_BODY")
if wrk.body then wrk.headers["Content-Type"] = "application/json" end
local expected = tonumber(os.getenv("LOAD_STATUS"))
local threads = {}
unexpected = 0

function setup(thread) table.insert(threads, thread) end

function response(status) if status ~= expected then unexpected = unexpected + 1 end end

function done(summary, latency)
  local others = 0
  for _, thread in ipairs(threads) do others = others + thread:get("unexpected") end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "unexpected": %d, "socket_errors": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    others, errors.connect + errors.read + errors.write + errors.timeout))
end
