#!lua
--[[
  purpose: recovery step 5, applies a page of whole frames that this Redis lacks, takes and gives at once
  KEYS:    1 shard, 2 base, 3.. the hashes
  ARGV:    1 the place that the page follows, 2 the place after it, each `<epoch>;<token>;<layout>;<batch>;<seq>`, 3 time of its newest
           decision (ms), 4 the hashes (lib/hashes)
  Returns: `OK`, or `CLOSED` when another recovery has taken over or the data are at neither place
  Cost:    as restore, and 3 writes
  Replay:  safe to send again: the page is applied once, because the place moves with it
]]
-- @include lib/opening
-- @include lib/base
-- @include lib/hashes
if not being_opened(KEYS[1]) then
  return 'CLOSED'
end
local id = read_base(KEYS[2])
local known = redis.call('HMGET', KEYS[1], 'batch', 'seq', 'clock')
local place = (id or '') .. ';' .. (known[1] or '') .. ';' .. (known[2] or '')
if place == ARGV[2] then
  return 'OK'
end
if place ~= ARGV[1] then
  return 'CLOSED'
end
-- taken away first and set last: an error half-way leaves data without a base, which are written anew
redis.call('DEL', KEYS[2])
write_folded(3, ARGV[4])
local next_id, batch, seq = string.match(ARGV[2], '^(.*);(%d+);(%d+)$')
local clock = string.format('%.0f', math.max(tonumber(known[3]) or 0, tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], 'batch', batch, 'seq', seq, 'clock', clock)
write_base(KEYS[2], next_id)
return 'OK'
