--[[
  purpose: a draw: a spin costs points or chances and gives the prize that its number means, or the fallback. One that is in another
           shard is drawn, and given or not by a decision of its own, with the same number
  Returns: the kind's members, see lib/kinds.lua
]]
local function spin_facts(attempt, prize, sub, left)
  return prize.id
    .. ','
    .. (sub and sub.id or '')
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
end

local function give_picked(attempt, prize, sub, left)
  local won, refusal = award_prize(attempt, prize, sub)
  if won == nil then
    return nil, refusal
  end
  attempt.type = won and 'spin.won' or 'spin.lost'
  attempt.facts = spin_facts(attempt, prize, sub, left)
  return true
end

-- Caps, losing spins and promises rest on a spin whose prize is not known yet.
local function check_spin(attempt)
  local drawn = attempt.terms.prizes.drawn
  if drawn and (attempt.values[drawn] or '') ~= '' then
    return 'U'
  end
  return check_losses(attempt)
end

local function take(attempt)
  local prize, sub = pick_prize(attempt)
  if not prize then
    return nil, sub
  end
  local left = attempt.daily_left and text(attempt.daily_left) or ''
  if attempt.missing then
    note_drawn(attempt, left)
    attempt.type, attempt.facts = 'spin.drawn', spin_facts(attempt, prize, nil, left)
    return true
  end
  local given, refusal = give_picked(attempt, prize, sub, left)
  if given and not prize.reward.varies and not (sub and sub.reward.varies) then
    attempt.variant = sub and prize.id .. '~' .. sub.id or prize.id
  end
  return given, refusal
end

local function finish(attempt)
  local drawn = read_drawn(attempt)
  if not drawn then
    return nil, 'R;ALREADY_DONE'
  end
  local prize, sub = pick_again(attempt, drawn)
  if not prize then
    return nil, sub
  end
  if attempt.missing then
    return nil, attempt.missing
  end
  note_put(attempt, attempt.terms.prizes.drawn, '')
  return give_picked(attempt, prize, sub, drawn.left)
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
