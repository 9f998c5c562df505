--[[
  purpose: a reservation: a user wants to be told before a session of a sale or draw opens, of one session or of each
  KEYS:    stock (s:): `<session>:reserved`, how many reserved it, without a session how many reserved all
  Returns: the kind's members, see lib/kinds.lua
]]
local function prepare(terms, rules)
  terms.targets, terms.remind_ms = rules.targets or '', natural(rules.remind_ms)
  terms.found = {}
  return terms.remind_ms
end

-- The number of a session by its id, 0 where there is none; nil when the records are not readable.
local function number_of(packed, id)
  for number = 1, #packed / SESSION_WIDTH do
    local session = session_at(packed, number)
    if not session then
      return nil
    elseif session.id == id then
      return number
    end
  end
  return 0
end

-- The session that an id means ('' means all, so the next one), nil and the refusal where it cannot be reserved.
local function find_target(packed, id, now)
  local opened = last_at(packed, SESSION_WIDTH, now)
  local number = opened and (id == '' and opened + 1 or number_of(packed, id))
  if not number then
    return nil
  elseif number == 0 then
    return nil, 'R;NOT_FOUND'
  end
  local next_opens = record_time(packed, SESSION_WIDTH, opened + 1)
  if number <= opened or not next_opens then
    return nil, 'R;SESSION_CLOSED;' .. (next_opens and text(next_opens) or '')
  end
  return session_at(packed, number)
end

-- The same for all commands of a batch, so it is found once.
local function target_of(terms, id)
  local found = terms.found[id]
  if not found then
    local session, refusal = find_target(terms.targets, id, terms.now)
    found = { session = session, refusal = refusal }
    terms.found[id] = found
  end
  return found
end

-- Whoever reserved all sessions has reserved each of them.
local function check(attempt)
  local terms, about = attempt.terms, attempt.about
  local values = fetch(attempt.user_index, '1:' .. terms.id .. ':')
  local all = values and values['1:' .. terms.id .. ':']
  local refusal = check_once(attempt)
  if refusal or all then
    return refusal or 'R;ALREADY_DONE'
  end
  local target = target_of(terms, about)
  if not target.session then
    return target.refusal or 'X;' .. KEYS[attempt.activity_index + 1]
  end
  return nil
end

local function take(attempt)
  local terms, about = attempt.terms, attempt.about
  local index, field = attempt.activity.index + 2, about .. ':reserved'
  local values, hash = fetch(index, field)
  if not values or not whole(values[field]) then
    return nil, 'X;' .. KEYS[index]
  end
  attempt.stock = { { hash = hash, scope = 's', deltas = { [field] = 1 } } }
  note_once(attempt)
  attempt.type, attempt.variant = 'reservation.made', about .. ';'
  local session = target_of(terms, about).session
  attempt.facts = about .. ',' .. text(math.max(terms.now, session.opens_at - terms.remind_ms)) .. ',' .. session.id
  return true
end

return { fields = { 'targets', 'remind_ms' }, prepare = prepare, check = check, take = take }
