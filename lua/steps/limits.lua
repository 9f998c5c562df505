--[[
  purpose: step 5, limits per user by quantity: all decisions, campaign, activity, session; 0 means no limit
  KEYS:    the user's hash
  Returns: check_limits(activity, values, quantity) -> refusal or nil
]]
local function over(value, limit, quantity)
  local most = tonumber(limit) or 0
  return most > 0 and (tonumber(value) or 0) + quantity > most
end

local function check_limits(activity, values, quantity)
  if over(values.d, ARGV[4], 1) then
    return 'R;LIMIT_REACHED;requests;' .. ARGV[4]
  end
  if over(values[activity.count_campaign], activity.campaign.units_per_user, quantity) then
    return 'R;LIMIT_REACHED;campaign;' .. activity.campaign.units_per_user
  end
  if over(values[activity.count_activity], activity.rules.units_per_user, quantity) then
    return 'R;LIMIT_REACHED;activity;' .. activity.rules.units_per_user
  end
  local session = activity.session
  if over(values[activity.count_session], session.units_per_user, quantity) then
    return 'R;LIMIT_REACHED;session;' .. session.units_per_user
  end
  return nil
end
