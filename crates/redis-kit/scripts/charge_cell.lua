-- Counts a request against a cell of a rate limit (the generic cell rate algorithm). What is kept is
-- by how much the cell is ahead of the time, in nanoseconds, and at which microsecond that was: both
-- are exact in floating point.
-- KEYS: the cell
-- ARGV: now in microseconds; what one request costs, and how far ahead the cell may be for one more
--       request, in nanoseconds
-- Answers how many more requests may come now, and after how many nanoseconds one may, else 0.
local now, cost, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead, at = 0, now
local kept = redis.call('get', KEYS[1])
if kept then
  local was, since = string.match(kept, '^(%d+) (%d+)$')
  -- who comes with an earlier time than another process had counts as coming then
  at = math.max(now, tonumber(since))
  ahead = math.max(0, tonumber(was) - (at - tonumber(since)) * 1000)
end
if ahead > tolerance then
  return {0, ahead - tolerance}
end
ahead = ahead + cost
-- kept for longer than there is something to remember: clocks differ
local kept_ms = math.ceil(ahead / 1000000) + 10000
redis.call('set', KEYS[1], string.format('%.0f %.0f', ahead, at), 'px', kept_ms)
return {math.floor((tolerance + cost - ahead) / cost), 0}
