--[[
  purpose: step 3, the user is not disqualified and has the level and the entitlement that the activity requires
  KEYS:    the user's hash
  Returns: check_standing(activity, disqualified, entitlements, level) -> refusal or nil; the second and third are values of the
           user's fields
]]
local function check_standing(activity, disqualified, entitlements, level)
  if disqualified == '1' then
    return 'R;DISQUALIFIED'
  end
  if level < activity.level then
    return 'R;NOT_ELIGIBLE;level;' .. activity.rules.level
  end
  if activity.entitlement and (tonumber(entitlements) or 0) < 1 then
    return 'R;NOT_ELIGIBLE;entitlement;' .. activity.rules.entitlement
  end
  return nil
end
