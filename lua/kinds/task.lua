--[[
  purpose: a task: done once a day or once a campaign, it gives a reward, and a streak of days gives more
  Returns: the kind's members, see lib/kinds.lua
]]
-- A task is done once a period, so a task says "done" where other kinds say "limit".
local function prepare(terms, rules)
  local once_a_day = rules.per == 'day'
  terms.per_day, terms.per_campaign = once_a_day and 1 or 0, once_a_day and 0 or 1
  terms.done = 'R;ALREADY_DONE'
  terms.goal = rules.goal == '1'
  read_prerequisites(terms, rules.after or '')
  return read_streak(terms, rules.streak or '', rules.streak_off)
end

local function check(attempt)
  if attempt.terms.goal and attempt.by ~= 'system' then
    return 'R;UNVERIFIED'
  end
  return check_prerequisites(attempt) or check_streak(attempt)
end

local function take(attempt)
  local terms = attempt.terms
  give_reward(attempt, terms.reward)
  local length, bonus = give_streak(attempt)
  if not length then
    return nil, 'X;' .. KEYS[attempt.user_index]
  end
  note_completion(attempt)
  attempt.type = 'task.completed'
  local period = terms.per_day > 0 and text(terms.today) or ''
  attempt.facts = period
    .. ','
    .. length
    .. ','
    .. bonus
    .. ','
    .. (attempt.capped or '')
    .. ','
    .. text(attempt.factor)
  attempt.variant = not terms.doubles and not terms.reward.varies and bonus == '0' and 't' or nil
  return true
end

return { fields = { 'per', 'goal', 'after', 'streak', 'streak_off' }, prepare = prepare, check = check, take = take }
