--[[
  purpose: an attempt: what one command of participate takes, gives and writes; the steps note it, and then it is written at once
  KEYS:    campaign (c:), the user's hash
  Returns: begin_attempt(attempt); note_put(attempt, field, value), of the user's hash; record_attempt(attempt) -> the reply;
           `fault` of the attempt, a reply, where a step found something unreadable
]]
-- All commands of a batch use one attempt table in turn. Steps add `gives` and `puts` (fields of the user: what is given once
-- journaled, what is written) and `stock` (a list of { hash, scope, deltas }) when they need them.

-- Notes what to write to a field of the user's hash.
local function note_put(attempt, field, value)
  attempt.puts = attempt.puts or {}
  attempt.puts[field] = value
end

local function begin_attempt(attempt)
  local terms, activity = attempt.terms, attempt.activity
  -- who is rewarded for what others did did not take part by that
  attempt.newcomer = attempt.by ~= 'credit' and not attempt.values[activity.count_campaign]
  -- a user who took part has the campaign's counter, even as 0
  local adds = { [terms.times] = attempt.quantity, [activity.count_campaign] = attempt.newcomer and 0 or nil }
  if terms.by_day then
    adds[terms.times_today] = 1
  end
  attempt.adds = adds
end

-- The deltas for the frame's JSON by scope: takes and gives together, because the fold does not know gives that are not settled.
local function attempt_adds(attempt)
  local user, parts = {}, {}
  for field, delta in pairs(attempt.adds) do
    user[field] = delta
  end
  for field, delta in pairs(attempt.gives or {}) do
    -- nothing was given: the fold must not make a field that Redis does not have
    if delta > 0 then
      user[field] = (user[field] or 0) + delta
    end
  end
  parts.u = user
  for i = 1, #(attempt.stock or {}) do
    parts[attempt.stock[i].scope] = attempt.stock[i].deltas
  end
  if attempt.newcomer then
    parts.c = { participants = 1 }
  end
  return json_part('add', parts)
end

local function attempt_common(attempt)
  local activity = attempt.activity
  return '"type":"'
    .. attempt.type
    .. '","campaign":"'
    .. activity.campaign_id
    .. '","activity":"'
    .. activity.activity_id
    .. '"'
    .. attempt_adds(attempt)
end

-- Decisions that take and give the same share one text in the frame; `variant` names what makes them the same.
local function attempt_start(attempt)
  if not attempt.variant then
    return ',' .. attempt_common(attempt)
  end
  local starts, cost = attempt.terms.starts, attempt.adds[attempt.terms.cost_field]
  local name = attempt.variant .. (attempt.newcomer and '!' or ';') .. (cost and text(cost) or '')
  local start = starts[name]
  if not start then
    start = share(attempt.frame, '{' .. attempt_common(attempt) .. '}')
    starts[name] = start
  end
  return start
end

local function attempt_puts(attempt)
  local user = attempt.puts and '"u":' .. json_fields(attempt.puts) or ''
  if not attempt.chain then
    return attempt.puts and ',"put":{' .. user .. '}' or ''
  end
  return ',"put":{' .. user .. (attempt.puts and ',' or '') .. '"s":{"chain":"' .. attempt.number .. '"}}'
end

-- The user's first decision in this batch: a list for one HSET. Fields that are added to were checked, so they hold numbers.
local function writes_of(attempt, replay_record)
  local values, key = attempt.values, KEYS[attempt.user_index]
  local nth = (values.d or 0) + 1
  -- the places that are usually needed exist from the start
  local writes = {
    key,
    attempt.key,
    replay_record,
    'd',
    text(nth),
    ring_field(nth),
    attempt.key,
    nil,
    nil,
    nil,
    nil,
    nil,
    nil,
    nil,
    nil,
    nil,
    nil,
  }
  local count = 7
  for field, delta in pairs(attempt.adds) do
    writes[count + 1], writes[count + 2] = field, text((values[field] or 0) + delta)
    count = count + 2
  end
  if attempt.puts then
    for field, value in pairs(attempt.puts) do
      writes[count + 1], writes[count + 2] = field, value
      count = count + 2
    end
  end
  return writes
end

local function write_user(attempt, replay_record)
  local user = attempt.user
  if not user then
    note_writes(writes_of(attempt, replay_record))
    return
  end
  for field, delta in pairs(attempt.adds) do
    add(user, field, delta)
  end
  for field, value in pairs(attempt.puts or {}) do
    put(user, field, value)
  end
  put(user, attempt.key, replay_record)
  add(user, 'd', 1)
  put(user, ring_field(user.values.d), attempt.key)
end

local function write_rest(attempt)
  if attempt.gives then
    for field, delta in pairs(attempt.gives) do
      if delta > 0 then
        give(attempt.frame, KEYS[attempt.user_index], field, delta)
      end
    end
  end
  if attempt.stock then
    for i = 1, #attempt.stock do
      for field, delta in pairs(attempt.stock[i].deltas) do
        add(attempt.stock[i].hash, field, delta)
      end
    end
  end
  if attempt.chain then
    put(attempt.chain, 'chain', attempt.number)
  end
end

local function record_attempt(attempt)
  if attempt.fault then
    return attempt.fault
  end
  local entitlement, adds = attempt.activity.entitlement, attempt.adds
  if entitlement and attempt.terms.kind.spends_entitlement and not attempt.finishes then
    adds[entitlement] = (adds[entitlement] or 0) - 1
  end
  if attempt.newcomer then
    count_newcomer(attempt.activity)
  end
  local report = attempt.facts .. attempt.moves
  attempt.seq, attempt.report = next_sequence(attempt.frame), report
  note_decision(
    attempt.frame,
    '{"seq":'
      .. attempt.seq
      .. ','
      .. attempt.head
      .. attempt_start(attempt)
      .. ',"report":"'
      .. report
      .. '"'
      .. attempt_puts(attempt)
      .. '}'
  )
  local replay_record, reply = answer(attempt.frame, attempt)
  write_user(attempt, replay_record)
  write_rest(attempt)
  return reply
end
