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
  if MOST_DECISIONS > 0 and buyer[COUNT] >= MOST_DECISIONS then
    return 'R;LIMIT_REACHED;requests;' .. ARGV[4]
  end
  local limits, beyond = activity.limits, quantity - extra
  local in_campaign, in_activity, in_session = limits.campaign, limits.activity, activity.session.units_per_user
  if in_campaign > 0 and buyer[IN_CAMPAIGN] + beyond > in_campaign then
    return 'R;LIMIT_REACHED;campaign;' .. text(in_campaign + extra)
  end
  if in_activity > 0 and buyer[IN_ACTIVITY] + beyond > in_activity then
    return 'R;LIMIT_REACHED;activity;' .. text(in_activity + extra)
  end
  if in_session > 0 and buyer[IN_SESSION] + beyond > in_session then
    return 'R;LIMIT_REACHED;session;' .. text(in_session + extra)
  end
  return nil
end
