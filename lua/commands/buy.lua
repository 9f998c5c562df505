--[[
  purpose: buy units of a sale: every step in its fixed order
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user
  ARGV:    activity index, user index, key, hash, quantity, level, head (JSON text for the frame)
  Returns: the reply and the place of the next command
]]
-- The `add` part of the frame is the same for all buyers of a session and quantity, but for the first decision of a user.
local function buy_adds(activity, quantity, newcomer)
  local name = quantity .. (newcomer and '+' or '')
  local adds = activity.adds[name]
  if not adds then
    local taken, session = string.format('%.0f', quantity), activity.session.id
    adds = ',"add":{"s":{"' .. session .. ':remaining":-' .. taken .. ',"' .. session .. ':held":' .. taken
      .. ',"' .. session .. ':position":' .. taken .. '},"u":{"' .. activity.count_campaign .. '":' .. taken
      .. ',"' .. activity.count_activity .. '":' .. taken .. ',"' .. activity.count_session .. '":' .. taken
    if activity.rules.entitlement and activity.rules.entitlement ~= '' then
      adds = adds .. ',"' .. entitlement_field(activity) .. '":-1'
    end
    adds = adds .. (newcomer and '},"c":{"participants":1}}' or '}}')
    activity.adds[name] = adds
  end
  return adds
end

local function ship_by(activity, now)
  local packed = activity.rules.ship_by or ''
  local number = last_at(packed, 26, now)
  return number > 0 and string.sub(packed, number * 26 - 12, number * 26) or ''
end

local function order_record(activity, quantity, position, frame)
  local rules = activity.rules
  local pay_within = rules.pay_within ~= '0' and rules.pay_within or ''
  return 'a;' .. frame.id .. ';' .. activity.campaign_id .. ';' .. activity.activity_id .. ';' .. activity.session.id
    .. ';' .. text(quantity) .. ';' .. rules.price .. ';' .. rules.currency .. ';' .. text(frame.opening.now)
    .. ';' .. pay_within .. ';' .. ship_by(activity, frame.opening.now) .. ';' .. text(position) .. ';0'
end

local function take_from_user(user, activity, quantity)
  local newcomer = not user.values[activity.count_campaign]
  if newcomer then
    local _, campaign = fetch(activity.index, 'participants')
    add(campaign, 'participants', 1)
  end
  add(user, activity.count_campaign, quantity)
  add(user, activity.count_activity, quantity)
  add(user, activity.count_session, quantity)
  if activity.rules.entitlement and activity.rules.entitlement ~= '' then
    add(user, entitlement_field(activity), -1)
  end
  return newcomer
end

local function fetch_buyer(activity, user_index, key)
  local entitlement = activity.rules.entitlement
  if entitlement and entitlement ~= '' then
    return fetch(user_index, key, 'd', activity.disqualified, activity.count_campaign, activity.count_activity,
      activity.count_session, entitlement_field(activity))
  end
  return fetch(user_index, key, 'd', activity.disqualified, activity.count_campaign, activity.count_activity,
    activity.count_session)
end

local function counters_are_whole(activity, values)
  return whole(values.d) and whole(values[activity.count_campaign]) and whole(values[activity.count_activity])
    and whole(values[activity.count_session])
end

local function accept(activity, user, frame, order)
  local newcomer = take_from_user(user, activity, order.quantity)
  local entity = EPOCH .. '-' .. next_sequence(frame)
  local record = order_record(activity, order.quantity, order.position, frame)
  put(user, 'o:' .. entity, record)
  return decide(frame, user, {
    type = 'order.accepted',
    key = order.key,
    hash = order.hash,
    head = order.head,
    entity = entity,
    report = '',
    record = record,
    rest = ',"session":"' .. activity.session.id .. '"' .. buy_adds(activity, order.quantity, newcomer)
      .. ',"put":{"u":{"o:' .. entity .. '":"' .. record .. '"}}',
  })
end

local function buy(at, frame)
  local user_index, key, hash = tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local quantity, level, after = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), at + 7
  local activity, refusal = open_activity(tonumber(ARGV[at]), frame.opening.now)
  if not activity then
    -- a replay answers before the window: a winner who asks again after the end gets the order
    local values = fetch(user_index, key)
    return values and replay_with_order(frame, user_index, values, key, hash) or refusal, after
  end
  local values, user = fetch_buyer(activity, user_index, key)
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  local replayed = replay_with_order(frame, user_index, values, key, hash)
  if replayed then
    return replayed, after
  end
  if not counters_are_whole(activity, values) then
    return 'X;' .. KEYS[user_index], after
  end
  refusal = check_standing(activity, values, level)
    or take_token(activity, frame.opening)
    or check_limits(activity, values, quantity)
  if refusal then
    return refusal, after
  end
  local position, sold_out = take_units(activity, quantity)
  if not position then
    return sold_out, after
  end
  local order = { key = key, hash = hash, quantity = quantity, position = position, head = ARGV[at + 6] }
  return accept(activity, user, frame, order), after
end
