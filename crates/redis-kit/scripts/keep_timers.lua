-- Arms or drops timers, in whatever order and however often that is asked for.
-- KEYS: what is due when, what is claimed until when, what is armed; for each timer its end
-- ARGV: for each timer its order, `armed` or `dropped`, when it fires in microseconds, its trace,
--       and for how many milliseconds its end is remembered
-- Answers for each whether that changed anything.
local due, claims, armed = KEYS[1], KEYS[2], KEYS[3]
local changed = {}
for i = 1, #KEYS - 3 do
  local at = (i - 1) * 5
  local order, status, fires_at = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local ended = KEYS[i + 3]
  changed[i] = 0
  if status == 'armed' then
    if redis.call('exists', ended) == 0
        and redis.call('hsetnx', armed, order, fires_at .. ' ' .. ARGV[at + 4]) == 1 then
      redis.call('zadd', due, fires_at, order)
      changed[i] = 1
    end
  elseif redis.call('set', ended, status, 'nx', 'px', ARGV[at + 5]) then
    redis.call('hdel', armed, order)
    redis.call('zrem', due, order)
    redis.call('zrem', claims, order)
    changed[i] = 1
  end
end
return changed
