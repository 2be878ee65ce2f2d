-- Ends timers that have fired. One that has ended meanwhile stays as it is.
-- KEYS: what is due when, what is claimed until when, what is armed; for each timer its end
-- ARGV: for each timer its order, and for how many milliseconds its end is remembered
local due, claims, armed = KEYS[1], KEYS[2], KEYS[3]
for i = 1, #KEYS - 3 do
  local order = ARGV[i * 2 - 1]
  if redis.call('hdel', armed, order) == 1 then
    redis.call('zrem', due, order)
    redis.call('zrem', claims, order)
    redis.call('set', KEYS[i + 3], 'fired', 'px', ARGV[i * 2])
  end
end
