--[[
  purpose: step 3, the user is not disqualified and has the level and the entitlement that the activity requires
  KEYS:    the user's hash
  Returns: check_standing(activity, disqualified, entitlements, level) -> refusal or nil; the second and third are values of the
           user's fields; check_reservation(activity, user_index, frame) -> refusal, W and the frame, or nil
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

-- Of its session, or of all sessions. Only for activities that ask for one; none can be made after its deadline.
local function check_reservation(activity, user_index, frame)
  local all = '1:' .. activity.campaign_id .. '/' .. activity.reservation .. ':'
  local one = all .. activity.session.id
  local values = fetch(user_index, one, all)
  if not values or not is_record(values[one], RECORDS.completion) or not is_record(values[all], RECORDS.completion) then
    return 'X;' .. KEYS[user_index]
  end
  -- whoever reserved all cannot reserve one any more, so that of one session is the older
  local id = values[one] or values[all]
  if not id then
    return 'R;NOT_ELIGIBLE;reservation;' .. activity.reservation
  end
  return waits_for(frame, id) and 'W;' .. id or nil
end
