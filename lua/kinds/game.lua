--[[
  purpose: a game: another system reports the outcome of each attempt, and each outcome has its reward
  Returns: the kind's members, see lib/kinds.lua
]]
-- `<outcome>=<reward>;...`, the reward is '' where an outcome gives nothing; nil when it is not readable
local function parse_outcomes(packed)
  local outcomes = {}
  for entry in string.gmatch(packed, '[^;]+') do
    local name, reward = string.match(entry, '^([^=]+)=(.*)$')
    local parsed = name and parse_reward(reward)
    if not parsed then
      return nil
    end
    outcomes[name] = parsed
  end
  return outcomes
end

local function prepare(terms, rules)
  local outcomes = parse_outcomes(rules.outcomes or '')
  for _, reward in pairs(outcomes or {}) do
    read_reward(terms, reward)
  end
  terms.outcomes = outcomes
  return outcomes
end

-- Users cannot report what they won.
local function check(attempt)
  return attempt.by == 'user' and 'R;UNVERIFIED' or nil
end

local function take(attempt)
  -- a result that was shared, which only credits name
  if attempt.by == 'credit' then
    return give_credit(attempt)
  end
  local terms, outcome = attempt.terms, attempt.about
  local reward = terms.outcomes[outcome]
  if not reward then
    return nil, 'R;NOT_FOUND'
  end
  give_reward(attempt, reward)
  local left = ''
  if terms.per_day > 0 then
    left = text(terms.per_day - 1 - (attempt.values[terms.times_today] or 0))
  end
  attempt.type = 'game.completed'
  attempt.facts = outcome .. ',' .. text(terms.today) .. ',' .. left .. ',' .. (attempt.capped or '')
  return true
end

return { fields = { 'outcomes' }, prepare = prepare, check = check, take = take }
