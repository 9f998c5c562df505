--[[
  purpose: what one command of participate takes, gives and writes, noted by the steps and then written at once
  KEYS:    campaign (c:), the user's hash
  Returns: new_deal(activity, part, frame, user_index); record_deal(deal, user, request) -> the reply
]]
local function new_deal(activity, part, frame, user_index)
  return {
    activity = activity,
    part = part,
    frame = frame,
    user_index = user_index,
    -- fields of the user: what is taken at once and what is given once journaled, by field
    adds = {},
    gives = {},
    puts = {},
    -- { hash, scope, deltas } of stock
    stock = {},
    moves = '',
    entity = '',
    record = '',
  }
end

-- Deltas of the frame's JSON by scope: takes and gives together, for the fold of the journal knows no "not yet".
local function deal_adds(deal)
  local user, parts = {}, {}
  for field, delta in pairs(deal.adds) do
    user[field] = delta
  end
  for field, delta in pairs(deal.gives) do
    -- nothing was given: the fold must not make a field that Redis does not have
    if delta > 0 then
      user[field] = (user[field] or 0) + delta
    end
  end
  parts.u = user
  for i = 1, #deal.stock do
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
  local starts = deal.part.starts
  local name = deal.variant .. (deal.newcomer and '!' or ';') .. (deal.adds[deal.part.cost_field] or '')
  if not starts[name] then
    starts[name] = share(deal.frame, '{' .. deal_common(deal) .. '}')
  end
  return starts[name]
end

local function deal_puts(deal)
  local scopes = {}
  if next(deal.puts) then
    scopes.u = deal.puts
  end
  if deal.chain then
    scopes.s = { chain = deal.number }
  end
  return json_part('put', scopes)
end

-- Counters of the user that every kind moves.
local function count_part(deal, request)
  local part, activity, adds = deal.part, deal.activity, deal.adds
  adds[part.times] = request.quantity
  if part.by_day then
    adds[part.times_today] = 1
  end
  if activity.entitlement and part.kind ~= 'task' then
    adds[activity.entitlement] = (adds[activity.entitlement] or 0) - 1
  end
  deal.newcomer = not deal.values[activity.count_campaign]
  if deal.newcomer then
    -- whoever took part has this counter, as 0 too
    adds[activity.count_campaign] = 0
    count_newcomer(activity)
  end
end

local function write_deal(deal, user)
  local key = KEYS[deal.user_index]
  for field, delta in pairs(deal.adds) do
    add(user, field, delta)
  end
  for field, value in pairs(deal.puts) do
    put(user, field, value)
  end
  for field, delta in pairs(deal.gives) do
    if delta > 0 then
      give(deal.frame, key, field, delta)
    end
  end
  for i = 1, #deal.stock do
    for field, delta in pairs(deal.stock[i].deltas) do
      add(deal.stock[i].hash, field, delta)
    end
  end
  if deal.chain then
    put(deal.chain, 'chain', deal.number)
  end
end

local function record_deal(deal, user, request)
  count_part(deal, request)
  local report = deal.facts .. deal.moves
  local rest = deal_start(deal) .. ',"report":"' .. report .. '"' .. deal_puts(deal)
  write_deal(deal, user)
  return decide(deal.frame, user, {
    seq = next_sequence(deal.frame),
    type = deal.type,
    key = request.key,
    hash = request.hash,
    head = request.head,
    entity = deal.entity,
    report = report,
    record = deal.record,
    rest = rest,
  })
end
