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

-- Functions are made when they are needed, and one inside another. Making all functions of all files took 70 us a batch, mostly
-- because Lua searches a local that a function uses among all that are used so.
local function decide_commands(open_frame, how_many, next_at)
  -- @include lib/packed
  -- @include lib/kinds
  -- @include kinds/sale
  KINDS[false] = KINDS.sale -- rules of versions without kinds name none
  -- @include steps/replay
  -- @include steps/causes
  -- @include steps/window
  -- @include steps/standing
  local COMMANDS, decided, make, LEVELS = {}, {}, nil, nil
  local function level_steps()
    if not LEVELS then
      -- @include steps/levels
      LEVELS = { standing = level_standing, early = open_early, price = discounted }
    end
    return LEVELS
  end
  -- @include steps/rate
  -- @include steps/limits
  -- @include lib/elsewhere
  -- @include lib/release
  -- @include steps/take
  for n = 1, how_many do
    local letter = string.sub(COMMANDS_TEXT, next_at, next_at) -- and a newline after it
    if COMMANDS[letter] then
      make = nil
    elseif letter == 'b' then
      make = function()
        -- @include commands/buy
        COMMANDS.b = buy
      end
    elseif letter == 'p' or letter == 'w' or letter == 'k' or letter == 'u' or letter == 'd' then
      make = function()
        -- @include lib/calendar
        -- @include lib/attempt
        -- @include steps/reward
        -- @include steps/completion
        -- @include steps/times
        -- @include steps/once
        -- @include steps/debit
        -- @include steps/hand-out
        -- @include steps/prizes
        -- @include steps/quota
        -- @include steps/obstacle
        -- @include steps/promise
        -- @include steps/pick
        -- @include lib/win
        -- @include steps/held-prize
        -- @include steps/give
        -- @include steps/streak
        -- @include steps/award
        -- @include steps/terms
        -- @include kinds/*
        -- @include commands/participate
        -- @include commands/finish
        local function correct(place, of_frame)
          -- @include steps/claw-back
          -- @include lib/own-win
          -- @include commands/change-win
          -- @include commands/take-back
          -- @include commands/fulfil-win
          COMMANDS.w, COMMANDS.k, COMMANDS.u = change_win, take_back_given, fulfil_win
          return COMMANDS[string.sub(COMMANDS_TEXT, place - 2, place - 2)](place, of_frame)
        end
        COMMANDS.p, COMMANDS.w, COMMANDS.k, COMMANDS.u, COMMANDS.d = participate, correct, correct, correct, finish
      end
    elseif letter == 't' then
      make = function()
        -- @include lib/order
        -- @include commands/transition
        COMMANDS.t = transition
      end
    elseif letter == 'j' or letter == 'x' or letter == 'n' or letter == 'e' then
      make = function()
        -- @include commands/adjust
        -- @include commands/remove
        -- @include commands/loan
        -- @include commands/fact
        COMMANDS.j, COMMANDS.x, COMMANDS.n, COMMANDS.e = adjust, remove, move_units, note_fact
      end
    else
      make = function()
        -- @include commands/query
        -- @include commands/list
        -- @include commands/fields
        -- @include commands/owner
        -- @include commands/look
        COMMANDS.q, COMMANDS.l, COMMANDS.f, COMMANDS.o, COMMANDS.m = query, list, read_fields, owner, look
      end
    end
    if make then
      make()
    end
    decided[n], next_at = COMMANDS[letter](next_at + 2, open_frame)
  end
  save_buckets(open_frame.opening)
  return decided
end

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
