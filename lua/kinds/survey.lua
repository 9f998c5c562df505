--[[
  purpose: a survey: a user answers its questions once, for a reward. The answers are not here: only that they were given
  KEYS:    the user's hash: the counter of units bought, which everybody has who took part; the counters of wins
  Returns: the kind's members, see lib/kinds.lua
]]
local function prepare(terms, rules)
  terms.done, terms.asked = 'R;ALREADY_DONE', rules['for'] or 'anybody'
  terms.wins = {}
  for field in string.gmatch(rules.wins or '', '[^,]+') do
    terms.wins[#terms.wins + 1] = field
    terms.numbers[#terms.numbers + 1] = field
  end
  return true
end

local function has_won(attempt)
  local fields = attempt.terms.wins
  for i = 1, #fields do
    if whole(attempt.values[fields[i]]) > 0 then
      return true
    end
  end
  return false
end

-- Whoever answered is told so, whatever became of their orders and wins since.
local function check(attempt)
  local asked, values = attempt.terms.asked, attempt.values
  if asked == 'anybody' or whole(values[attempt.terms.times]) > 0 then
    return nil
  elseif asked == 'buyers' then
    return whole(values[attempt.activity.count_campaign]) < 1 and 'R;NOT_ELIGIBLE;order;true' or nil
  elseif asked == 'winners' then
    return not has_won(attempt) and 'R;NOT_ELIGIBLE;win;true' or nil
  end
  return attempt.newcomer and 'R;NOT_ELIGIBLE;participation;true' or nil
end

local function take(attempt)
  local terms = attempt.terms
  give_reward(attempt, terms.reward)
  attempt.type, attempt.facts = 'survey.answered', attempt.capped or ''
  attempt.variant = not terms.reward.varies and 'y' or nil
  return true
end

return { fields = { 'for', 'wins' }, prepare = prepare, check = check, take = take }
