--[[
  purpose: step 5, limits per user by quantity: all decisions, campaign, activity, session; 0 means no limit
  KEYS:    the user's hash
  Returns: RECORD, COUNT, DISQUALIFIED, IN_CAMPAIGN, IN_ACTIVITY, IN_SESSION, ENTITLEMENT: places in the list of a buyer's values;
           MOST_DECISIONS of one user; over(value, limit, quantity); check_limits(activity, buyer, quantity, extra) -> refusal or nil; `extra`:
           units beyond each limit, by the buyer's level
]]
-- Places in the list of a buyer's values: a table by name costs five times as much. The counters are numbers once checked.
local RECORD = 1
local COUNT = 2
local DISQUALIFIED = 3
local IN_CAMPAIGN = 4
local IN_ACTIVITY = 5
local IN_SESSION = 6
local ENTITLEMENT = 7

local MOST_DECISIONS = tonumber(ARGV[4]) or 0

local function over(value, limit, quantity)
  return limit > 0 and value + quantity > limit
end

local function check_limits(activity, buyer, quantity, extra)
  if over(buyer[COUNT], MOST_DECISIONS, 1) then
    return 'R;LIMIT_REACHED;requests;' .. ARGV[4]
  end
  local limits, beyond = activity.limits, quantity - extra
  if over(buyer[IN_CAMPAIGN], limits.campaign, beyond) then
    return 'R;LIMIT_REACHED;campaign;' .. text(limits.campaign + extra)
  end
  if over(buyer[IN_ACTIVITY], limits.activity, beyond) then
    return 'R;LIMIT_REACHED;activity;' .. text(limits.activity + extra)
  end
  local session = activity.session
  if over(buyer[IN_SESSION], session.units_per_user, beyond) then
    return 'R;LIMIT_REACHED;session;' .. text(session.units_per_user + extra)
  end
  return nil
end
