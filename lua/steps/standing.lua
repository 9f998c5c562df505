--[[
  purpose: step 3, the user is not disqualified and holds the level and the entitlement that the activity asks for
  KEYS:    the user's hash
  Returns: check_standing(activity, values, level) -> refusal or nil
]]
local function check_standing(activity, values, level)
  if values[activity.disqualified] == '1' then
    return 'R;DISQUALIFIED'
  end
  local rules = activity.rules
  if level < (tonumber(rules.level) or 0) then
    return 'R;NOT_ELIGIBLE;level;' .. rules.level
  end
  if activity.entitlement and (tonumber(values[activity.entitlement]) or 0) < 1 then
    return 'R;NOT_ELIGIBLE;entitlement;' .. rules.entitlement
  end
  return nil
end
