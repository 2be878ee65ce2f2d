-- Gives back claimed timers: they are due again.
-- KEYS: what is due when, what is claimed until when
-- ARGV: for each timer its order, and when it fires in microseconds
for i = 1, #ARGV, 2 do
  if redis.call('zrem', KEYS[2], ARGV[i]) == 1 then
    redis.call('zadd', KEYS[1], ARGV[i + 1], ARGV[i])
  end
end
