--[[
  purpose: a draw: a spin costs points or chances and gives the prize that its number means, or the fallback
  Returns: the kind's members, see lib/kinds.lua
]]
local function take(attempt)
  local prize, sub = pick_prize(attempt)
  if not prize then
    return nil, sub
  end
  local won, refusal = award_prize(attempt, prize, sub)
  if won == nil then
    return nil, refusal
  end
  attempt.type = won and 'spin.won' or 'spin.lost'
  local left = attempt.daily_left and text(attempt.daily_left) or ''
  local sub_id = sub and sub.id or ''
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
  if not prize.reward.varies and not (sub and sub.reward.varies) then
    attempt.variant = sub and prize.id .. '~' .. sub_id or prize.id
  end
  return true
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
  check = check_losses,
  take = take,
  spends_entitlement = true,
}
