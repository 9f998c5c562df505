--[[
  purpose: buy units of a sale: every step in its fixed order
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user
  FIELDS:  activity index, user index, key, hash, quantity, level, head (JSON text for the frame)
  Returns: the reply and the place of the next command
]]
-- The JSON that the decisions of all buyers of a session and quantity share; a user's first decision in a campaign has another one.
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

-- The position counter is a `put`: a sum would fall behind, and would give a position twice, when one frame was never journaled
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

-- The text that the records of all orders of this batch, session, quantity and price share; `price` is nil for that of the rules.
local function record_parts(activity, quantity, frame, price)
  local name = price and price .. '/' .. quantity or quantity
  local parts = activity.records[name]
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
      .. (price or rules.price)
      .. ';'
      .. rules.currency
      .. ';'
      .. frame.opening.now_text
      .. ';'
      .. pay_within
      .. ';'
      .. activity.ship_by
      .. ';'
    activity.records[name] = parts
  end
  return parts
end

-- Reads what the steps need, from Redis or from what earlier commands of this batch left. Returns a list, whose places
-- steps/limits names, and the hash when an earlier command used it; nil when the key is corrupt.
local function read_buyer(activity, user_index, key)
  local name = KEYS[user_index]
  local one, two, three = activity.count_campaign, activity.count_activity, activity.count_session
  local entitlement = activity.entitlement or 'd'
  if known_hash(name) then
    local values, hash = fetch(user_index, key, 'd', activity.disqualified, one, two, three, entitlement)
    return values and {
      values[key],
      values.d,
      values[activity.disqualified],
      values[one],
      values[two],
      values[three],
      values[entitlement],
    },
      hash
  end
  local buyer = redis.pcall('HMGET', name, key, 'd', activity.disqualified, one, two, three, entitlement)
  return not buyer.err and buyer or nil
end

-- Turns the counters into numbers; false when one of them is not a number.
local function check_counters(activity, buyer)
  local count, in_campaign = buyer[COUNT], buyer[IN_CAMPAIGN]
  local in_activity, in_session = buyer[IN_ACTIVITY], buyer[IN_SESSION]
  -- most buyers have none of these yet
  count, in_campaign = not count and 0 or whole(count), not in_campaign and 0 or whole(in_campaign)
  in_activity, in_session = not in_activity and 0 or whole(in_activity), not in_session and 0 or whole(in_session)
  if not (count and in_campaign and in_activity and in_session) then
    return false
  end
  buyer[COUNT], buyer[IN_CAMPAIGN], buyer[IN_ACTIVITY], buyer[IN_SESSION] = count, in_campaign, in_activity, in_session
  if activity.entitlement then
    buyer[ENTITLEMENT] = whole(buyer[ENTITLEMENT])
    return buyer[ENTITLEMENT]
  end
  return true
end

-- Writes the user's counters, replay record and order: as one list when this is the user's first command in the batch.
local function take_from_user(activity, buyer, order, hash)
  local quantity, entitlement = order.quantity, activity.entitlement
  local count, in_campaign = buyer[COUNT] + 1, buyer[IN_CAMPAIGN] + quantity
  local in_activity, in_session = buyer[IN_ACTIVITY] + quantity, buyer[IN_SESSION] + quantity
  local writes = {
    order.user,
    order.key,
    order.replay_record,
    'd',
    SMALL[count] or text(count),
    ring_field(count),
    order.key,
    activity.count_campaign,
    SMALL[in_campaign] or text(in_campaign),
    activity.count_activity,
    SMALL[in_activity] or text(in_activity),
    activity.count_session,
    SMALL[in_session] or text(in_session),
    order.field,
    order.record,
    entitlement,
    entitlement and text(buyer[ENTITLEMENT] - 1),
  }
  if not hash then
    note_writes(writes)
    return
  end
  for i = 2, #writes, 2 do
    put(hash, writes[i], writes[i + 1])
  end
end

-- Notes the decision and returns the reply, as `decide` does for other commands, but builds the text that all orders of a batch
-- share only once.
local function accept(activity, buyer, frame, order, hash)
  local newcomer = order.newcomer
  if newcomer then
    count_newcomer(activity)
  end
  local seq = next_sequence(frame)
  local entity = EPOCH .. '-' .. seq
  local record = record_parts(activity, order.quantity, frame, order.price) .. order.position .. ';0'
  local field = 'o:' .. entity
  note_decision(
    frame,
    '{"seq":'
      .. seq
      .. ','
      .. order.head
      .. decision_start(activity, order.quantity, newcomer, frame)
      .. order.last
      .. '"},"u":{"'
      .. field
      .. '":"'
      .. record
      .. '"}}}'
  )
  order.seq, order.entity, order.field, order.record = seq, entity, field, record
  local replay_record, reply = answer(frame, order)
  order.replay_record = replay_record
  take_from_user(activity, buyer, order, hash)
  return reply
end

-- All orders of a batch use this one table in turn: making a table costs more than all checks.
local order_of_all = { type = 'order.accepted', report = '' }

local BUY = '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n()'

local function buy(at, frame)
  local place, user, key, hash, quantity_text, level, from = string.match(COMMANDS_TEXT, BUY, at)
  local user_index, quantity = NUMBERS[user] or to_number(user), NUMBERS[quantity_text] or to_number(quantity_text)
  local head, after = take_line(from)
  local in_force, privileges = NUMBERS[level] or to_number(level), nil
  local activity, refusal = open_activity(NUMBERS[place] or to_number(place), frame.opening.now)
  if not activity then
    local shut = activity_at(to_number(place))
    activity = shut and shut.levels and level_steps().early(shut, user_index, in_force, frame.opening.now)
  end
  if not activity or not activity.is_bought then
    refusal = refusal or 'R;NOT_FOUND'
    -- a replay comes before the window: a buyer who asks again after the end gets their order
    local values = fetch(user_index, key)
    return values and replay_with_record(frame, user_index, values, key, hash) or refusal, after
  end
  local buyer, known = read_buyer(activity, user_index, key)
  if not buyer then
    return 'X;' .. KEYS[user_index], after
  end
  if buyer[RECORD] then
    local values = fetch(user_index, key)
    return replay_with_record(frame, user_index, values, key, hash), after
  end
  local newcomer = not buyer[IN_CAMPAIGN]
  if not check_counters(activity, buyer) then
    return 'X;' .. KEYS[user_index], after
  end
  if activity.levels then
    in_force, privileges = level_steps().standing(activity, user_index, in_force)
    if not in_force then
      return privileges, after
    end
  end
  refusal = check_standing(activity, buyer[DISQUALIFIED], buyer[ENTITLEMENT], in_force)
    or (activity.reservation and check_reservation(activity, user_index, frame))
    or (activity.rate > 0 and take_token(activity, frame.opening))
    or check_limits(activity, buyer, quantity, privileges and privileges.extra or 0)
  if refusal then
    return refusal, after
  end
  local position, last = take_units(activity, quantity, frame.opening)
  if not position then
    return last, after
  end
  local order = order_of_all
  order.user, order.key, order.hash, order.head = KEYS[user_index], key, hash, head
  order.quantity, order.position, order.last, order.newcomer = quantity, position, last, newcomer
  order.price = privileges and level_steps().price(activity, privileges)
  return accept(activity, buyer, frame, order, known), after
end
