--[[
  purpose: an assist: a user helps a share of somebody else, once; a credit gives the sharer what a threshold does, as the action of its
           count
  Returns: the kind's members, see lib/kinds.lua
]]
-- The caller knows the share, which is in the hash of another user: `<share>;<sharer>;<end ms, 0 = none>;<assists before>;<refusal>`.
local ABOUT = '^([^;]*);([^;]*);(%d+);(%d+);(.*)$'

local function check(attempt)
  if attempt.by == 'credit' then
    return nil
  end
  local helped, sharer, ends, before, refusal = string.match(attempt.about, ABOUT)
  if not helped then
    return 'X;' .. KEYS[attempt.user_index]
  end
  if refusal ~= '' then
    return 'R;' .. refusal
  end
  attempt.about = helped
  attempt.helped = helped .. ',' .. sharer .. ',' .. text(tonumber(before) + 1)
  local refused = check_once(attempt)
  if refused then
    return refused
  end
  return tonumber(ends) > 0 and attempt.terms.now >= tonumber(ends) and 'R;CLAIM_EXPIRED' or nil
end

local function take(attempt)
  if attempt.by == 'credit' then
    return give_credit(attempt)
  end
  give_reward(attempt, attempt.terms.reward)
  note_once(attempt)
  attempt.type, attempt.facts = 'assist.given', attempt.helped
  return true
end

return { check = check, take = take }
