--[[
  purpose: a discussion: comments, the first of a day for a reward; and likes (action `like`), one of each thing
  Returns: the kind's members, see lib/kinds.lua
]]
-- More than anybody writes: a day's comments are counted for the reward even where nothing limits them.
local MANY = 1000000

local function prepare(terms, rules)
  terms.status = rules.moderation == 'before' and 'waiting' or 'shown'
  if #terms.reward > 0 and terms.per_day == 0 then
    terms.per_day = MANY
  end
  return true
end

-- What is liked comes with how many likes it has with this one: a replay says the same, and the gate counts none.
local function check(attempt)
  if attempt.terms.action ~= 'like' then
    return nil
  end
  attempt.about, attempt.likes = string.match(attempt.about, '^([^;]*);(%d+)$')
  if not attempt.about then
    return 'R;NOT_FOUND'
  end
  return check_once(attempt)
end

local function take(attempt)
  local terms = attempt.terms
  if terms.action == 'like' then
    note_once(attempt)
    attempt.type, attempt.facts = 'like.given', attempt.about .. ',' .. attempt.likes
    return true
  end
  if whole(attempt.values[terms.times_today]) == 0 then
    give_reward(attempt, terms.reward)
  end
  attempt.type = 'comment.posted'
  attempt.facts = attempt.about .. ',' .. terms.status .. ',' .. (attempt.capped or '')
  return true
end

return { fields = { 'moderation' }, prepare = prepare, check = check, take = take }
