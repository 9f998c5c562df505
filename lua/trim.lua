#!lua flags=allow-oom
--[[
  purpose: settles frames that Postgres has and deletes them from kept
  KEYS:    1 shard, 2 outbox, 3 kept, 4 origin, and every hash that the frames' gives name
  ARGV:    `<epoch>-<batch>` of each frame
  Returns: `OK;<frames deleted>`, or `CLOSED`
  Cost:    1 read, 1 write and 1 delete per frame
  Replay:  nothing is left to do the second time
]]
-- @include lib/opening
-- @include lib/numbers
-- @include lib/settle
local opening = open_opening(KEYS[1], KEYS[4])
if not opening then
  return 'CLOSED'
end
local deleted = 0
for i = 1, #ARGV do
  settle_frame(ARGV[i], opening)
  local size = redis.call('HSTRLEN', KEYS[3], ARGV[i])
  if size > 0 then
    redis.call('HDEL', KEYS[3], ARGV[i])
    deleted = deleted + 1
    opening.kept_bytes = math.max(0, opening.kept_bytes - size)
  end
end
if deleted > 0 then
  mark(opening, 'kept_bytes', text(opening.kept_bytes))
end
save_opening(opening)
return 'OK;' .. deleted
