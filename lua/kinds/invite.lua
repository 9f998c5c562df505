--[[
  purpose: invitations: users ask for a code of their own, others are bound once to whoever invited them, and both are credited for it
  KEYS:    the user's hash: `ic:<campaign>/<activity>`, the code; `ib:<campaign>/<activity>`, who invited the user
  Returns: the kind's members, see lib/kinds.lua
]]
local DONE = { code = 'R;ALREADY_DONE', accept = 'R;ALREADY_BOUND' }
-- of credits; a reward alone is told as every other one
local TYPES = { qualified = 'invite.qualified', voided = 'invite.voided' }

local function prepare(terms, rules)
  local action = terms.action
  terms.done = DONE[action]
  -- one credit of a pair says that it qualified: that of the inviter, where this is what the reward is for
  terms.type = action == rules.qualifies and TYPES.qualified or TYPES[action]
  return rules.qualifies and true or false
end

local function take(attempt)
  local terms, about = attempt.terms, attempt.about
  if attempt.by == 'credit' then
    return give_credit(attempt, terms.type)
  end
  attempt.facts = about
  if terms.action == 'code' then
    attempt.type = 'invite.created'
    local id = SHARD .. '-' .. EPOCH .. '-' .. next_sequence(attempt.frame)
    note_put(attempt, 'ic:' .. terms.id, attempt.frame.id .. ';' .. id .. ';' .. attempt.key)
  else
    attempt.type = 'invite.accepted'
    note_put(attempt, 'ib:' .. terms.id, attempt.frame.id .. ';' .. attempt.frame.opening.now_text .. ';' .. about)
  end
  return true
end

return { fields = { 'qualifies' }, prepare = prepare, take = take }
