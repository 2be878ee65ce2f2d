-- Keeps or lets go of a lock, if it is still held with this token.
-- KEYS: the lock
-- ARGV: the token; for how many milliseconds it is held from now on, 0 to let it go
-- Answers whether it was.
if redis.call('get', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('del', KEYS[1])
else
  redis.call('pexpire', KEYS[1], ARGV[2])
end
return 1
