-- Keeps a session that a search has found, unless it may have ended since the search began.
-- KEYS: the state of all sessions, the session, endings of its identity that are under way, when the
--       last of them was, sessions of its identity
-- ARGV: the generation and the clock of endings when the search began, what is to be kept, for how
--       many milliseconds, the name of the session, how many an identity may have here
-- Answers whether it is kept.
if redis.call('hget', KEYS[1], 'generation') ~= ARGV[1] or redis.call('exists', KEYS[3]) == 1 then
  return 0
end
local ended = redis.call('get', KEYS[4])
if ended and tonumber(ended) > tonumber(ARGV[2]) then
  return 0
end
if redis.call('scard', KEYS[5]) >= tonumber(ARGV[6]) then
  return 0
end
redis.call('set', KEYS[2], ARGV[1] .. ' ' .. ARGV[3], 'px', ARGV[4])
redis.call('sadd', KEYS[5], ARGV[5])
-- a set that goes before its sessions would keep them from being deleted
if redis.call('pttl', KEYS[5]) < tonumber(ARGV[4]) + 1000 then
  redis.call('pexpire', KEYS[5], tonumber(ARGV[4]) + 1000)
end
return 1
