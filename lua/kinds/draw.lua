--[[
  purpose: a draw: a spin costs points or chances and gives the prize that its number means, or the fallback. One that is in another
           shard is drawn, and given or not by a decision of its own, with the same number
  Returns: the kind's members, see lib/kinds.lua
]]
-- Gives what was picked, or notes that it is elsewhere: `missing` is U or LACKS then, and `sub` the digits that were rolled.
local function give_picked(attempt, prize, sub, missing, left)
  local sub_id = ''
  if missing then
    note_drawn(attempt, sub, left)
    attempt.type = 'spin.drawn'
  else
    local won, refusal = award_prize(attempt, prize, sub)
    if won == nil then
      return nil, refusal
    end
    attempt.type = won and 'spin.won' or 'spin.lost'
    sub_id = sub and sub.id or ''
    if not attempt.finishes and not prize.reward.varies and not (sub and sub.reward.varies) then
      attempt.variant = sub and prize.id .. '~' .. sub_id or prize.id
    end
  end
  attempt.facts = prize.id
    .. ','
    .. sub_id
    .. ','
    .. attempt.number
    .. ','
    .. attempt.previous
    .. ','
    .. attempt.picked
    .. ','
    .. attempt.why
    .. ','
    .. text(attempt.level)
    .. ','
    .. left
  return true
end

-- Caps, losing spins and promises rest on a spin whose prize is not known yet.
local function check_spin(attempt)
  local prizes = attempt.terms.prizes
  if prizes.drawn and (attempt.values[prizes.drawn] or '') ~= '' then
    return 'U'
  end
  return prizes.memory and check_losses(attempt) or nil
end

local function take(attempt)
  local prize, sub, missing = pick_prize(attempt)
  if not prize then
    return nil, sub
  end
  return give_picked(attempt, prize, sub, missing, attempt.daily_left and text(attempt.daily_left) or '')
end

local function finish(attempt)
  local digits, left = read_drawn(attempt)
  if not digits then
    return nil, 'R;ALREADY_DONE'
  end
  local prize, sub, missing = pick_prize(attempt, digits)
  if not prize or missing then
    return nil, missing or sub
  end
  note_put(attempt, attempt.terms.prizes.drawn, '')
  return give_picked(attempt, prize, sub, nil, left)
end

return {
  fields = {
    'prizes',
    'weights',
    'fallback',
    'guarantee',
    'wins_per_campaign',
    'wins_per_tier',
    'memory',
    'pools',
  },
  prepare = read_prizes,
  check = check_spin,
  take = take,
  finish = finish,
  spends_entitlement = true,
}
