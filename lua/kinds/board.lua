--[[
  purpose: a leaderboard: nobody takes part in it himself; who ends at a rank gets the reward of its row, once the order is final
  Returns: the kind's members, see lib/kinds.lua
]]
local function check(attempt)
  return attempt.by ~= 'credit' and 'R;NOT_FOUND' or nil
end

-- The action names the row of `top`; `about` is `<period>:<rank>`.
local function take(attempt)
  return give_credit(attempt, 'board.awarded')
end

return { check = check, take = take }
