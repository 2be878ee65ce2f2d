-- Looks a session up. This script is loaded by whoever begins a generation, and by nobody else: Redis
-- forgets scripts when it starts, so none of what it knew before is found afterwards.
-- KEYS: the state of all sessions, the session
-- Answers the generation, the clock of endings, and what is kept of the session; none of these when
-- there is no generation.
local state = redis.call('hmget', KEYS[1], 'generation', 'clock')
local generation, clock = state[1], state[2] or '0'
if not generation then
  return {false, clock, false}
end
local kept = redis.call('get', KEYS[2])
local begin = generation .. ' '
if kept and string.sub(kept, 1, #begin) == begin then
  return {generation, clock, string.sub(kept, #begin + 1)}
end
return {generation, clock, false}
