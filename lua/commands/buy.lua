--[[
  purpose: buy units of a sale: every step in its fixed order
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user
  FIELDS:  activity index, user index, key, hash, quantity, level, head (JSON text for the frame)
  Returns: the reply and the place of the next command
]]
-- What the decisions of all buyers of a session and quantity have in common, but for the first decision of a user.
local function common_part(activity, quantity, newcomer)
  local taken, session = text(quantity), activity.session.id
  local user = '"' .. activity.count_campaign .. '":' .. taken
  user = user .. ',"' .. activity.count_activity .. '":' .. taken
  user = user .. ',"' .. activity.count_session .. '":' .. taken
  if activity.entitlement then
    user = user .. ',"' .. activity.entitlement .. '":-1'
  end
  local stock = '"' .. session .. ':remaining":-' .. taken .. ',"' .. session .. ':held":' .. taken
  local names = '"campaign":"' .. activity.campaign_id .. '","activity":"' .. activity.activity_id .. '","session":"'
  return '{"type":"order.accepted",'
    .. names
    .. session
    .. '","add":{"s":{'
    .. stock
    .. '},"u":{'
    .. user
    .. (newcomer and '},"c":{"participants":1}}}' or '}}}')
end

-- The position counter is a `put`: a sum would fall behind, and give a position twice, when a frame was never journaled
-- and a later one was.
local function decision_start(activity, quantity, newcomer, frame)
  local cache = newcomer and activity.first_starts or activity.starts
  local start = cache[quantity]
  if not start then
    start = share(frame, common_part(activity, quantity, newcomer))
      .. ',"put":{"s":{"'
      .. activity.session.id
      .. ':position":"'
    cache[quantity] = start
  end
  return start
end

-- What the records of all orders of this batch, session and quantity have in common.
local function record_parts(activity, quantity, frame)
  local parts = activity.records[quantity]
  if not parts then
    local rules = activity.rules
    local pay_within = rules.pay_within ~= '0' and rules.pay_within or ''
    parts = 'a;'
      .. frame.id
      .. ';'
      .. activity.campaign_id
      .. ';'
      .. activity.activity_id
      .. ';'
      .. activity.session.id
      .. ';'
      .. text(quantity)
      .. ';'
      .. rules.price
      .. ';'
      .. rules.currency
      .. ';'
      .. frame.opening.now_text
      .. ';'
      .. pay_within
      .. ';'
      .. activity.ship_by
      .. ';'
    activity.records[quantity] = parts
  end
  return parts
end

-- Reads what the steps look at; the table is made at its full size, with room for the order that may come.
local function fetch_buyer(activity, user_index, key)
  local name = KEYS[user_index]
  local one, two, three = activity.count_campaign, activity.count_activity, activity.count_session
  local entitlement = activity.entitlement or 'd'
  if hashes[name] then
    return fetch(user_index, key, 'd', activity.disqualified, one, two, three, entitlement)
  end
  local read = redis.pcall('HMGET', name, key, 'd', activity.disqualified, one, two, three, entitlement)
  if read.err then
    return nil
  end
  local values = {
    [key] = read[1],
    d = read[2],
    [activity.disqualified] = read[3],
    [one] = read[4],
    [two] = read[5],
    [three] = read[6],
    [entitlement] = read[7],
    o = false,
  }
  local hash = { key = name, values = values, dirty = {} }
  hashes[name] = hash
  hash_order[#hash_order + 1] = hash
  return values, hash
end

local function counters_are_whole(activity, values)
  return whole(values.d)
    and whole(values[activity.count_campaign])
    and whole(values[activity.count_activity])
    and whole(values[activity.count_session])
    and (not activity.entitlement or whole(values[activity.entitlement]))
end

-- The user's counters, replay record and order: a list ready to be written when it is the user's first in this batch.
local function take_from_user(user, activity, order, replay_record)
  local one, two, three = activity.count_campaign, activity.count_activity, activity.count_session
  local values, quantity, entity = user.values, order.quantity, order.field
  local d = (tonumber(values.d) or 0) + 1
  local in_campaign = (tonumber(values[one]) or 0) + quantity
  local in_activity = (tonumber(values[two]) or 0) + quantity
  local in_session = (tonumber(values[three]) or 0) + quantity
  if user.writes then
    -- added to what earlier commands of this user changed, which is not written yet
    local dirty = user.dirty
    dirty[order.key], dirty.d, dirty[one], dirty[two], dirty[three], dirty[entity] = true, true, true, true, true, true
  else
    user.writes = {
      order.key,
      replay_record,
      'd',
      text(d),
      one,
      text(in_campaign),
      two,
      text(in_activity),
      three,
      text(in_session),
      entity,
      order.record,
    }
  end
  values[order.key], values.d, values[entity] = replay_record, d, order.record
  values[one], values[two], values[three] = in_campaign, in_activity, in_session
  if activity.entitlement then
    add(user, activity.entitlement, -1)
  end
end

local function accept(activity, user, frame, order)
  local newcomer = not user.values[activity.count_campaign]
  if newcomer then
    count_newcomer(activity)
  end
  local seq = next_sequence(frame)
  local entity = EPOCH .. '-' .. seq
  order.field = 'o:' .. entity
  order.record = record_parts(activity, order.quantity, frame) .. order.position .. ';0'
  local replay_record, reply = note_decision(frame, {
    seq = seq,
    type = 'order.accepted',
    hash = order.hash,
    head = order.head,
    entity = entity,
    report = '',
    record = order.record,
    rest = decision_start(activity, order.quantity, newcomer, frame)
      .. order.last
      .. '"},"u":{"'
      .. order.field
      .. '":"'
      .. order.record
      .. '"}}',
  })
  take_from_user(user, activity, order, replay_record)
  return reply
end

local function buy(at, frame)
  local user_index, key, hash = tonumber(FIELDS[at + 1]), FIELDS[at + 2], FIELDS[at + 3]
  local quantity, level, after = tonumber(FIELDS[at + 4]), tonumber(FIELDS[at + 5]), at + 7
  local activity, refusal = open_activity(tonumber(FIELDS[at]), frame.opening.now)
  if not activity or not is_sale(activity.rules) then
    refusal = refusal or 'R;NOT_FOUND'
    -- a replay answers before the window: a winner who asks again after the end gets the order
    local values = fetch(user_index, key)
    return values and replay_with_record(frame, user_index, values, key, hash) or refusal, after
  end
  local values, user = fetch_buyer(activity, user_index, key)
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  if values[key] then
    return replay_with_record(frame, user_index, values, key, hash), after
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
  local position, last = take_units(activity, quantity)
  if not position then
    return last, after
  end
  local order = { key = key, hash = hash, quantity = quantity, position = position, last = last, head = FIELDS[at + 6] }
  return accept(activity, user, frame, order), after
end
