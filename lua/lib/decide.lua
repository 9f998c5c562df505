--[[
  purpose: decides the commands of a batch, one after the other, in memory: the same text for the gate, which then writes what was decided, and
           for the dry run, which does not. It includes what it needs, so it is pasted as it is into the script that includes it
  KEYS:    those of gate.lua
  Returns: decide_commands(open_frame, how_many, next_at) -> the replies in their order; the frame holds what was decided;
           level_steps() for the commands inside, made when a batch meets levels
]]
-- Functions are made when they are needed, and one inside another. Making all functions of all files took 70 us a batch, mostly
-- because Lua searches a local that a function uses among all that are used so.
local function decide_commands(open_frame, how_many, next_at)
  -- @include lib/packed
  -- @include lib/kinds
  -- @include kinds/sale
  KINDS[false] = KINDS.sale -- rules of versions without kinds name none
  -- @include steps/replay
  -- @include steps/causes
  -- @include lib/expired
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
    elseif letter == 'j' or letter == 'x' or letter == 'n' or letter == 'e' or letter == 'y' then
      make = function()
        -- @include commands/adjust
        -- @include commands/remove
        -- @include commands/loan
        -- @include commands/fact
        -- @include commands/expire
        COMMANDS.j, COMMANDS.x, COMMANDS.n, COMMANDS.e, COMMANDS.y = adjust, remove, move_units, note_fact, expire
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
