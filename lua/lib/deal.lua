--[[
  purpose: what one command of participate takes, gives and writes, noted by the steps and then written at once
  KEYS:    campaign (c:), the user's hash
  Returns: begin_deal(deal); record_deal(deal) -> the reply
]]
-- The request is the deal, one table that all commands of a batch use by turns. `gives` and `puts` (fields of the user: what is given once journaled, what is
-- written) and `stock` ({ hash, scope, deltas } of each) are made by who has something for them.
local function begin_deal(deal)
  local part, activity = deal.part, deal.activity
  deal.newcomer = not deal.values[activity.count_campaign]
  -- whoever took part has the counter of the campaign, as 0 too
  local adds = { [part.times] = deal.quantity, [activity.count_campaign] = deal.newcomer and 0 or nil }
  if part.by_day then
    adds[part.times_today] = 1
  end
  deal.adds = adds
end

-- Deltas of the frame's JSON by scope: takes and gives together, for the fold of the journal knows no "not yet".
local function deal_adds(deal)
  local user, parts = {}, {}
  for field, delta in pairs(deal.adds) do
    user[field] = delta
  end
  for field, delta in pairs(deal.gives or {}) do
    -- nothing was given: the fold must not make a field that Redis does not have
    if delta > 0 then
      user[field] = (user[field] or 0) + delta
    end
  end
  parts.u = user
  for i = 1, #(deal.stock or {}) do
    parts[deal.stock[i].scope] = deal.stock[i].deltas
  end
  if deal.newcomer then
    parts.c = { participants = 1 }
  end
  return json_part('add', parts)
end

local function deal_common(deal)
  local activity = deal.activity
  return '"type":"'
    .. deal.type
    .. '","campaign":"'
    .. activity.campaign_id
    .. '","activity":"'
    .. activity.activity_id
    .. '"'
    .. deal_adds(deal)
end

-- Decisions that take and give the same say it once a frame; `variant` names what makes them the same.
local function deal_start(deal)
  if not deal.variant then
    return ',' .. deal_common(deal)
  end
  local starts, cost = deal.part.starts, deal.adds[deal.part.cost_field]
  local name = deal.variant .. (deal.newcomer and '!' or ';') .. (cost and text(cost) or '')
  local start = starts[name]
  if not start then
    start = share(deal.frame, '{' .. deal_common(deal) .. '}')
    starts[name] = start
  end
  return start
end

local function deal_puts(deal)
  local user = deal.puts and '"u":' .. json_fields(deal.puts) or ''
  if not deal.chain then
    return deal.puts and ',"put":{' .. user .. '}' or ''
  end
  return ',"put":{' .. user .. (deal.puts and ',' or '') .. '"s":{"chain":"' .. deal.number .. '"}}'
end

-- The user's first decision in this batch: a list ready to be written. What is added to was checked, so it is a number.
local function writes_of(deal, replay_record)
  local values, key = deal.values, KEYS[deal.user_index]
  local nth = (values.d or 0) + 1
  -- the places that are usually needed are there from the start
  local writes = {
    key,
    deal.key,
    replay_record,
    'd',
    text(nth),
    ring_field(nth),
    deal.key,
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
  for field, delta in pairs(deal.adds) do
    writes[count + 1], writes[count + 2] = field, text((values[field] or 0) + delta)
    count = count + 2
  end
  if deal.puts then
    for field, value in pairs(deal.puts) do
      writes[count + 1], writes[count + 2] = field, value
      count = count + 2
    end
  end
  return writes
end

local function write_user(deal, replay_record)
  local user = deal.user
  if not user then
    note_writes(writes_of(deal, replay_record))
    return
  end
  for field, delta in pairs(deal.adds) do
    add(user, field, delta)
  end
  for field, value in pairs(deal.puts or {}) do
    put(user, field, value)
  end
  put(user, deal.key, replay_record)
  add(user, 'd', 1)
  put(user, ring_field(user.values.d), deal.key)
end

local function write_rest(deal)
  if deal.gives then
    for field, delta in pairs(deal.gives) do
      if delta > 0 then
        give(deal.frame, KEYS[deal.user_index], field, delta)
      end
    end
  end
  if deal.stock then
    for i = 1, #deal.stock do
      for field, delta in pairs(deal.stock[i].deltas) do
        add(deal.stock[i].hash, field, delta)
      end
    end
  end
  if deal.chain then
    put(deal.chain, 'chain', deal.number)
  end
end

local function record_deal(deal)
  local entitlement, adds = deal.activity.entitlement, deal.adds
  if entitlement and deal.part.kind ~= 'task' then
    adds[entitlement] = (adds[entitlement] or 0) - 1
  end
  if deal.newcomer then
    count_newcomer(deal.activity)
  end
  local report = deal.facts .. deal.moves
  deal.seq, deal.report = next_sequence(deal.frame), report
  note_decision(
    deal.frame,
    '{"seq":'
      .. deal.seq
      .. ','
      .. deal.head
      .. deal_start(deal)
      .. ',"report":"'
      .. report
      .. '"'
      .. deal_puts(deal)
      .. '}'
  )
  local replay_record, reply = answer(deal.frame, deal)
  write_user(deal, replay_record)
  write_rest(deal)
  return reply
end
