-- Claims timers whose time has come: first those whose claim has lapsed, then the longest overdue.
-- KEYS: what is due when, what is claimed until when, what is armed
-- ARGV: now and the claim's end in microseconds, how many
-- Answers the order of each, and what is kept of it, in turns.
local due, claims, armed = KEYS[1], KEYS[2], KEYS[3]
local now, lapses_at, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local claimed = {}
local function claim(from)
  local left = limit - #claimed / 2
  if left < 1 then
    return
  end
  for _, order in ipairs(redis.call('zrangebyscore', from, '-inf', now, 'limit', 0, left)) do
    local kept = redis.call('hget', armed, order)
    redis.call('zrem', due, order)
    if kept then
      redis.call('zadd', claims, lapses_at, order)
      claimed[#claimed + 1] = order
      claimed[#claimed + 1] = kept
    else
      redis.call('zrem', claims, order)
    end
  end
end
claim(claims)
claim(due)
return claimed
