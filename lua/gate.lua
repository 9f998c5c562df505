#!lua
--[[
  purpose: decides a batch of commands in one atomic step; settles journaled frames on the way
  KEYS:    1 shard, 2 outbox, 3 kept, 4 origin, where there are several shards 5 elsewhere, then in any order the hashes that commands name by index (c:, a:, s: side by
           side; u:) and the hashes that the gives of settled frames name
  ARGV:    1 not-after (ms of Redis time, 0 = none), 2 bound of the outbox (frames), 3 bound of kept (bytes),
           4 most decisions of one user, 5 frames to settle, `<epoch>-<batch>,...`, 6 the commands, each field ended by a
           newline: how many, then each command's letter and the fields that lua/commands/*.lua state (one argument for
           all: a thousand cost the gateway 3 us a command)
  Returns: { header, replies, frame id, frame, gives, { replayed frame id, frame, gives, ... } }
           header `OK|CLOSED|LATE|BACKLOG;Redis' time;outbox;keptBytes`; frame id '' when nothing was accepted
  Cost:    1 read of shard, outbox, kept; per activity 3 reads; per command 1 read; per accepted one 1 write
  Replay:  safe to send again: the same key of the same user gives the first answer
]]
-- @include lib/opening
-- @include lib/numbers
-- @include lib/overlay
-- @include lib/settle
-- @include lib/json
-- @include lib/fields
-- @include lib/frame

-- @include lib/decide

local opening = open_opening(KEYS[1], KEYS[4])
if not opening then
  return { 'CLOSED;0;0;0', {}, '', '', '', {} }
end

local outbox_length = redis.pcall('XLEN', KEYS[2])
local kept_length = redis.pcall('HLEN', KEYS[3])
if type(outbox_length) ~= 'number' or type(kept_length) ~= 'number' then
  return { 'CLOSED;0;0;0', {}, '', '', '', {} }
end
-- an emptied stream still exists; a missing one lost decisions, which a replay would take for journaled
if outbox_length == 0 and opening.batch > 0 and redis.call('EXISTS', KEYS[2]) == 0 then
  return { 'CLOSED;0;0;0', {}, '', '', '', {} }
end
if kept_length == 0 and opening.kept_bytes ~= 0 then
  opening.kept_bytes = 0
  mark(opening, 'kept_bytes', '0')
end

for entry in string.gmatch(ARGV[5], '[^,]+') do
  settle_frame(entry, opening)
end
outbox_length = outbox_length - opening.moved

local function reply_header(status)
  return status .. ';' .. opening.time .. ';' .. outbox_length .. ';' .. opening.kept_bytes
end

local line, at = take_line(1)
local count = tonumber(line)
if count > 0 then
  local not_after = tonumber(ARGV[1])
  if not_after > 0 and opening.time > not_after then
    save_opening(opening)
    return { reply_header('LATE'), {}, '', '', '', {} }
  end
  if outbox_length >= tonumber(ARGV[2]) or opening.kept_bytes >= tonumber(ARGV[3]) then
    save_opening(opening)
    return { reply_header('BACKLOG'), {}, '', '', '', {} }
  end
end

local frame = new_frame(opening)
local replies = count > 0 and decide_commands(frame, count, at) or {}
local written, id, payload, gives = pcall(write_frame, frame)
if not written then
  -- an error undoes nothing that was written before it: these data are no prefix of the truth any more, and are written anew
  redis.call('DEL', PREFIX .. 'base')
  redis.call('HSET', KEYS[1], 'open', '0')
  return { 'CLOSED;0;0;0', {}, '', '', '', {} }
end
save_opening(opening)
return { reply_header('OK'), replies, id, payload, gives, frame.replayed }
