--[[
  purpose: the record of an order, which is kept with its user
  KEYS:    none
  Returns: parse_order(record) -> the order, nil when the text is none; changed_record(order, frame); escaped(text);
           merged_shipment(before, reported); refund_report(order, refund, currency, reference)
]]
-- how many decisions an order has seen, by its status, where its record does not count them yet
local SEEN = { a = 1, p = 2, c = 3, e = 2, s = 3, r = 4 }

local ORDER = '^(%a);([^;]*);([^;]*);([^;]*);([^;]*);(%d+);(%d+);(%a+);(%d+);(%d*);(%d*);(%d+);(%d+)(.*)$'
-- fields that a record has once the order was moved on: refunded; reference; shipment (three texts); decisions
local MOVED = '^;(%d+);([^;]*);([^;]*;[^;]*;[^;]*);(%d+)$'

local function parse_order(record)
  local status, frame, campaign, activity, session, quantity, price, currency, at, pay_within, ship, position, back, moved =
    string.match(record, ORDER)
  if not status then
    return nil
  end
  local refunded, reference, shipment, seen = string.match(moved, MOVED)
  if moved ~= '' and not refunded then
    return nil
  end
  return {
    status = status,
    frame = frame,
    campaign = campaign,
    activity = activity,
    session = session,
    quantity = tonumber(quantity),
    price = tonumber(price),
    total = tonumber(quantity) * tonumber(price),
    currency = currency,
    at = tonumber(at),
    pay_within = tonumber(pay_within),
    ship = ship,
    position = position,
    returned = tonumber(back),
    -- earlier versions refunded the price of the units that came back
    refunded = tonumber(refunded) or tonumber(back) * tonumber(price),
    reference = reference or '',
    shipment = shipment or ';;',
    seen = tonumber(seen) or SEEN[status] or 1,
    fixed = string.match(record, '^%a;[^;]*;(.*)$'),
    moved = moved,
    back = back,
  }
end

-- The record with the changes of the order.
local function changed_record(order, frame)
  local kept = string.sub(order.fixed, 1, -1 - #order.moved - #order.back)
  local money = text(order.refunded) .. ';' .. order.reference
  local head = order.status .. ';' .. frame.id .. ';' .. kept .. text(order.returned)
  return head .. ';' .. money .. ';' .. order.shipment .. ';' .. text(order.seen + 1)
end

-- A text as records and effects hold it: their separators, and characters that JSON escapes, as %XX.
local function escaped(value)
  return (
    string.gsub(value, '[%c %%;,|"\\]', function(character)
      return string.format('%%%02X', string.byte(character))
    end)
  )
end

-- State, carrier and tracking number; a part that is not reported again keeps its value.
local function merged_shipment(before, reported)
  local next_old, next_new = string.gmatch(before .. ';', '([^;]*);'), string.gmatch(reported .. ';', '([^;]*);')
  local parts = {}
  for i = 1, 3 do
    local old, new = next_old() or '', next_new() or ''
    parts[i] = new ~= '' and new or old
  end
  return table.concat(parts, ';')
end

-- Money to give back: the effects of the decision, from which the public event is made too.
local function refund_report(order, refund, currency, reference)
  return order.status .. ',' .. text(order.returned) .. ',' .. text(refund) .. ',' .. currency .. ',' .. reference
end
