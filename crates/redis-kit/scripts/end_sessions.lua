-- Makes all sessions of an identity unknown, at the beginning and at the end of an ending.
-- KEYS: the state of all sessions, endings of the identity that are under way, when the last of them
--       was, sessions of the identity
-- ARGV: `begin` or `finish`, the ending's name, for how many milliseconds it is remembered, how the
--       names of sessions' keys begin
local clock = redis.call('hincrby', KEYS[1], 'clock', 1)
if ARGV[1] == 'begin' then
  redis.call('sadd', KEYS[2], ARGV[2])
  redis.call('pexpire', KEYS[2], ARGV[3])
else
  redis.call('srem', KEYS[2], ARGV[2])
end
redis.call('set', KEYS[3], clock, 'px', ARGV[3])
for _, session in ipairs(redis.call('smembers', KEYS[4])) do
  redis.call('del', ARGV[4] .. session)
end
redis.call('del', KEYS[4])
