--[[
  purpose: moves an order on: pay, cancel, expire, ship, return; exactly one final state, units and limit come back once; a payment
           that comes too late or twice is noted as money to give back
  KEYS:    index of the activity of the order (c:, a:, s: side by side), index of the user
  FIELDS:  activity index, user index, key, hash, transition, order (`<epoch>-<sequence>`), by (user|operator|system),
           amount (pay: what was paid; return: what is to be refunded, '' for the price of the units), terms (pay: the currency;
           ship: state, carrier and tracking number, packed as in the record), quantity, head
  Returns: the reply and the place of the next command; W and the frame when the order's own frame is not journaled yet
]]
-- from: status letter -> the counter that holds its units; to: letter, absent where the status stays; refusal for any other status
local TRANSITIONS = {
  pay = { from = { a = 'held' }, to = 'p', type = 'order.paid', refusal = 'NOT_PAYABLE' },
  cancel = { from = { a = 'held', p = 'paid' }, to = 'c', type = 'order.cancelled', refusal = 'NOT_CANCELLABLE' },
  expire = { from = { a = 'held' }, to = 'e', type = 'order.expired', refusal = 'CONFLICT' },
  ship = { from = { p = 'paid', s = 'paid' }, to = 's', type = 'order.shipped', refusal = 'CONFLICT' },
  -- earlier versions gave an order that came back in part the status `returned`
  ['return'] = { from = { s = 'paid', r = 'paid' }, type = 'order.returned', refusal = 'CONFLICT' },
}
local REFUND_DUE = 'order.refund-due'
local CANCELLABLE = { never = '', unpaid = 'a', unshipped = 'ap' }
-- Checks which units come back and which refund is allowed.
local function demand_return(order, request)
  local left = order.quantity - order.returned
  if left < 1 then
    return 'R;CONFLICT;' .. order.status
  end
  if request.quantity < 1 or request.quantity > left then
    return 'R;CONFLICT;quantity;' .. text(left)
  end
  local most = math.max(0, order.total - order.refunded)
  if (request.amount or 0) > most then
    return 'R;CONFLICT;refund;' .. text(most) .. ';' .. order.currency
  end
  return nil
end

-- Checks what this transition demands beside the status.
local function demand(name, order, request, opening, activity)
  if name == 'pay' then
    if request.amount ~= order.total or request.terms ~= order.currency then
      return 'R;CONFLICT;amount;' .. text(order.total) .. ';' .. order.currency
    end
  elseif name == 'cancel' and request.by == 'user' then
    if not string.find(CANCELLABLE[activity.campaign.cancellable] or '', order.status, 1, true) then
      return 'R;NOT_CANCELLABLE;' .. order.status
    end
  elseif name == 'expire' then
    if not order.pay_within or opening.now < order.at + order.pay_within * 1000 then
      return 'R;CONFLICT;early'
    end
  elseif name == 'ship' and order.status == 's' then
    -- a shipment that is reported again must bring something new
    if merged_shipment(order.shipment, request.terms) == order.shipment then
      return 'R;CONFLICT;s'
    end
  elseif name == 'return' then
    return demand_return(order, request)
  end
  return nil
end

-- Changes the order. Returns the effects of the decision as text.
local function change(name, order, request, rule)
  local was_paid = order.status == 'p'
  order.status = rule.to or order.status
  if name == 'pay' then
    order.reference = request.reference
  elseif name == 'ship' then
    order.shipment = merged_shipment(order.shipment, request.terms)
  elseif name == 'cancel' and was_paid then
    local refund = math.max(0, order.total - order.refunded)
    order.refunded = order.refunded + refund
    return refund_report(order, refund, order.currency, order.reference)
  elseif name == 'return' then
    -- the customer has an exchanged unit again
    if not request.exchange then
      order.returned = order.returned + request.quantity
    end
    order.status = order.returned == order.quantity and 'r' or 's'
    local refund = request.amount or math.min(request.quantity * order.price, math.max(0, order.total - order.refunded))
    order.refunded = order.refunded + refund
    local came_back = request.exchange and 0 or request.quantity
    return refund_report(order, refund, order.currency, order.reference) .. ',' .. text(came_back)
  end
  return ''
end

-- Deltas by session field of the stock and by field of the user, and which of them are gives.
local function deltas_of(name, order, request, activity, counter)
  local session, stock, user = order.session, {}, {}
  local units = name == 'return' and request.quantity or order.quantity
  if name == 'ship' or (name == 'return' and request.exchange) then
    return stock, user
  end
  if name == 'pay' then
    stock[session .. ':held'], stock[session .. ':paid'] = -units, units
    return stock, user
  end
  if name ~= 'return' or activity.campaign.restock == '1' then
    stock[session .. ':' .. counter], stock[session .. ':remaining'] = -units, units
  end
  if activity.campaign.release_limit == '1' then
    user[activity.count_campaign], user[activity.count_activity] = -units, -units
    user[activity.count_activity .. '/' .. session] = -units
    if name ~= 'return' and activity.entitlement then
      user[activity.entitlement] = 1
    end
  end
  return stock, user
end

-- Units leave held or paid at once. Units, limit and entitlement that come back are gives, usable once journaled.
local function apply(frame, index, deltas, gives_all)
  for field, delta in pairs(deltas) do
    if gives_all or string.find(field, ':remaining', 1, true) then
      give(frame, KEYS[index], field, delta)
    else
      local _, hash = fetch(index, field)
      add(hash, field, delta)
    end
  end
end

local function are_readable(index, deltas)
  for field in pairs(deltas) do
    local values = fetch(index, field)
    if not values or not whole(values[field]) then
      return false
    end
  end
  return true
end

-- A missing stock is a fault: counted from 0 it would look nearly sold out.
local function stock_is_readable(index, stock, session)
  local values = next(stock) == nil and {} or fetch(index, session .. ':remaining')
  return values and values[session .. ':remaining'] ~= false and are_readable(index, stock)
end

-- A right from a win that was revoked after the right was used does not come back. Returns the field that records it and its new
-- value, nothing when the right comes back, or nil, nil and why the record cannot be read.
local function withhold_right(frame, request, activity, limits)
  local right = activity.entitlement
  if not right or not limits[right] then
    return nil
  end
  local owed = 'eo' .. string.sub(right, 2)
  local values = fetch(request.user_index, owed)
  if not values or not is_record(values[owed], RECORDS.owed) then
    return nil, nil, 'X;' .. KEYS[request.user_index]
  end
  local rights, cause = head_of(values[owed], RECORDS.owed)
  if not rights or rights == '0' then
    return nil
  end
  if waits_for(frame, cause) then
    return nil, nil, 'W;' .. cause
  end
  limits[right] = nil
  return owed, text(tonumber(rights) - 1) .. ';' .. frame.id
end

-- luacheck: ignore
local function decide_move(frame, request, order, user, what)
  local record = changed_record(order, frame)
  put(user, 'o:' .. request.order, record)
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = what.type,
    key = request.key,
    hash = request.hash,
    head = request.head,
    entity = request.order,
    report = what.report,
    record = record,
    rest = ',"type":"'
      .. what.type
      .. '","session":"'
      .. order.session
      .. '","order":"'
      .. SHARD
      .. '-'
      .. request.order
      .. (what.report ~= '' and '","report":"' .. what.report or '')
      .. '"'
      .. what.adds
      .. ',"put":{"u":{'
      .. (what.owed and '"' .. what.owed .. '":"' .. what.owed_left .. '",' or '')
      .. '"o:'
      .. request.order
      .. '":"'
      .. record
      .. '"}}',
  })
end

-- A payment of an order that takes none is refused, and its money is due back, under its own reference. The payment that the order
-- was paid with is never a second one, however often it comes again.
local function late_payment(frame, request, order, user)
  local reference, amount = request.reference, request.amount
  if reference == '' or reference == order.reference or not amount or amount < 1 then
    return 'R;NOT_PAYABLE;' .. order.status
  end
  local report = refund_report(order, amount, request.terms, reference)
  return decide_move(frame, request, order, user, { type = REFUND_DUE, report = report, adds = '' })
end

local function move_on(frame, request, order, activity, user)
  local name = request.name
  local rule = TRANSITIONS[name]
  local counter = rule.from[order.status]
  if not counter then
    if name == 'pay' then
      return late_payment(frame, request, order, user)
    end
    return 'R;' .. rule.refusal .. ';' .. order.status
  end
  local refusal = demand(name, order, request, frame.opening, activity)
  if refusal then
    return refusal
  end
  local stock, limits = deltas_of(name, order, request, activity, counter)
  if not stock_is_readable(activity.index + 2, stock, order.session) then
    return 'X;' .. KEYS[activity.index + 2]
  end
  local owed, owed_left, why = withhold_right(frame, request, activity, limits)
  if why then
    return why
  end
  if not are_readable(request.user_index, limits) then
    return 'X;' .. KEYS[request.user_index]
  end
  if owed then
    put(user, owed, owed_left)
  end
  apply(frame, activity.index + 2, stock, false)
  apply(frame, request.user_index, limits, true)
  local report = change(name, order, request, rule)
  local adds = adds_part(stock, limits)
  local what = { type = rule.type, report = report, adds = adds, owed = owed, owed_left = owed_left }
  return decide_move(frame, request, order, user, what)
end

local function transition(at, frame)
  local fields, after = take_fields(at, 11)
  local request = {
    user_index = tonumber(fields[2]),
    key = fields[3],
    hash = fields[4],
    name = fields[5],
    order = fields[6],
    by = fields[7],
    amount = tonumber(fields[8]),
    terms = fields[9],
    quantity = tonumber(fields[10]) or 0,
    head = fields[11],
    reference = escaped(string.match(fields[3], '^x:pay:[^:]*:(.+)$') or ''),
  }
  request.exchange = string.find(request.head, '"kind":"exchange"', 1, true) ~= nil
  local field = 'o:' .. request.order
  local values, user = fetch(request.user_index, request.key, field, 'd')
  if not values or not whole(values.d) then
    return 'X;' .. KEYS[request.user_index], after
  end
  local replayed = replay(frame, values, request.key, request.hash)
  if replayed then
    return replayed, after
  end
  local activity = activity_at(tonumber(fields[1]))
  if not activity then
    return unreadable(tonumber(fields[1])), after
  end
  if activity.campaign.cancellable == nil then
    fetch(activity.index, 'release_limit', 'restock', 'cancellable')
  end
  if not values[field] then
    return 'R;NOT_FOUND', after
  end
  local order = parse_order(values[field])
  if not order then
    return 'X;' .. KEYS[request.user_index], after
  end
  if order.campaign ~= activity.campaign_id or order.activity ~= activity.activity_id then
    return 'R;NOT_FOUND', after
  end
  if waits_for(frame, order.frame) then
    return 'W;' .. order.frame, after
  end
  -- units of an order that was not paid in time come back however late that is
  if request.name ~= 'expire' and is_final(activity.index, frame.opening.now) then
    return 'R;ENDED', after
  end
  return move_on(frame, request, order, activity, user), after
end
