--[[
  purpose: a share: a user makes a link, which costs and gives nothing; once others have verified it, a credit gives what its channel
           does, as the action of the channel's name
  Returns: the kind's members, see lib/kinds.lua
]]
local function take(attempt)
  if attempt.by == 'credit' then
    return give_credit(attempt, 'share.verified')
  end
  -- `<channel>,<type of the subject>,<its id>`
  attempt.type, attempt.facts = 'share.created', attempt.about
  return true
end

return { take = take }
