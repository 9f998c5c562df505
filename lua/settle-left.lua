#!lua flags=allow-oom
--[[
  purpose: recovery step 5, settles what the outbox still holds once Postgres has all of it, and drops kept
  KEYS:    1 shard, 2 outbox, 3 kept, 4 base, and every hash that the frames' gives name
  ARGV:    `<epoch>-<batch>` of each frame
  Returns: how many frames are left in the outbox, or `CLOSED` when another recovery has taken over or there is no base any more
  Cost:    1 read, 1 write and 1 delete per frame
  Replay:  nothing is left to do the second time
]]
-- @include lib/opening
-- @include lib/base
-- @include lib/numbers
-- @include lib/settle
local base = read_base(KEYS[4])
if not being_opened(KEYS[1]) or not base then
  return 'CLOSED'
end
-- taken away first and set last, as a page does
redis.call('DEL', KEYS[4])
-- the outbox went since the shard was closed, and with it what its frames give
if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('HGET', KEYS[1], 'batch') ~= '0' then
  return 'CLOSED'
end
local settling = { key = KEYS[1], moved = 0, kept_bytes = 0, dirty = {} }
for i = 1, #ARGV do
  settle_frame(ARGV[i], settling)
end
local left = redis.call('XLEN', KEYS[2])
if left == 0 then
  redis.call('UNLINK', KEYS[3])
  redis.call('HSET', KEYS[1], 'kept_bytes', '0')
end
write_base(KEYS[4], base)
return left
