--[[
  purpose: take part in a draw, a task or a redemption: every step in its fixed order, with what the rules say
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user, index of the code pool's stock (s:)
  FIELDS:  activity index, user index, key, hash, quantity, level, by (user|system), random (of a draw), pool index or 0 (of a draw those
           of its prizes, joined by commas),
           local day ('' = today; only the system names one), head (JSON text for the frame)
  Returns: the reply and the place of the next command; W and the frame when a cause is not journaled yet
]]
-- Refuses what a kind asks for beyond the common standing, or names the frame that it waits for.
local function check_after(deal)
  local missing
  for i = 1, #deal.part.after do
    local wanted = deal.part.after[i]
    local id = deal.values[wanted.field]
    if not id then
      missing = (missing and missing .. ',' or '') .. wanted.task
    elseif waits_for(deal.frame, id) then
      return 'W;' .. id
    end
  end
  return missing and 'R;PREREQUISITE;' .. missing
end

local function check_task(deal)
  local part, values = deal.part, deal.values
  if part.goal and deal.by ~= 'system' then
    return 'R;UNVERIFIED'
  end
  local refusal = check_after(deal)
  if refusal then
    return refusal
  end
  local _, _, streak = head_of(#part.steps > 0 and values[part.streak], RECORDS.streak)
  if streak and waits_for(deal.frame, streak) then
    return 'W;' .. streak
  end
  deal.doubler = part.doubles and doubler_of(values, part) or nil
  if deal.doubler and waits_for(deal.frame, deal.doubler.frame) then
    return 'W;' .. deal.doubler.frame
  end
  return nil
end

local function check_draw(deal)
  local draw = deal.part.draw
  local _, last = head_of(draw.memory and deal.values[draw.last_spin], RECORDS.losses)
  if last and waits_for(deal.frame, last) then
    return 'W;' .. last
  end
  return nil
end

local function check_times(deal)
  local part, values = deal.part, deal.values
  if over(values.d or 0, MOST_DECISIONS, 1) then
    return 'R;LIMIT_REACHED;requests;' .. ARGV[4]
  end
  if part.per_day > 0 and over(values[part.times_today] or 0, part.per_day, 1) then
    local ends = day_end(deal.activity.campaign.zone, part.now)
    return part.done or 'R;LIMIT_REACHED;day;' .. text(part.per_day) .. ';' .. text(ends)
  end
  local most = part.per_campaign > 0 and part.per_campaign or part.units_per_user
  if over(values[part.times] or 0, most, deal.quantity) then
    return part.done or 'R;LIMIT_REACHED;activity;' .. text(most)
  end
  return nil
end

local function take_task(deal)
  local part = deal.part
  give_reward(deal, part.reward)
  local length, bonus = '', '0'
  if #part.steps > 0 then
    length, bonus = give_streak(deal)
    if not length then
      return nil, 'X;' .. KEYS[deal.user_index]
    end
  end
  deal_put(deal, part.completed, deal.frame.id)
  deal.type = 'task.completed'
  local period = part.per_day > 0 and text(part.today) or ''
  deal.facts = period .. ',' .. length .. ',' .. bonus .. ',' .. (deal.capped or '') .. ',' .. text(deal.factor)
  deal.variant = not part.doubles and not part.reward.varies and bonus == '0' and 't' or nil
  return true
end

-- What a claim takes from: the item, and codes where it gives one. What is the same for all claims is made once a batch.
local function place_of(part, index, remaining, paid)
  local place = part.places[index]
  if not place then
    local is_stock = paid == 'all:paid'
    local scope = is_stock and 's' or logical(index)
    place = { index = index, remaining = remaining, paid = paid, is_stock = is_stock, scope = scope, effects = {} }
    part.places[index] = place
  end
  return place
end

local function effect_of(place, quantity)
  local effect = place.effects[quantity]
  if not effect then
    local deltas = { [place.remaining] = -quantity, [place.paid] = quantity }
    effect = { hash = place.hash, scope = place.scope, deltas = deltas }
    place.effects[quantity] = effect
  end
  return effect
end

-- Refuses what is not there; codes that were never loaded are none, missing stock is a fault.
local function check_place(place, quantity)
  if not place.hash then
    local values, hash = fetch(place.index, place.remaining, place.paid)
    if not values or (place.is_stock and not values[place.remaining]) then
      return 'X;' .. KEYS[place.index]
    end
    place.hash = hash
  end
  local values = place.hash.values
  local remaining = whole(values[place.remaining])
  if not remaining or not whole(values[place.paid]) then
    return 'X;' .. KEYS[place.index]
  end
  return remaining < quantity and 'R;SOLD_OUT;' .. text(remaining) .. ';0' or nil
end

local function take_claim(deal)
  local part, quantity = deal.part, deal.quantity
  local item = place_of(part, deal.activity.index + 2, deal.activity.remaining, 'all:paid')
  local codes
  if part.pool ~= '' then
    local pool = 's:' .. part.campaign_id .. ':pool/' .. part.pool
    -- a gateway that has not read the newest rules yet names another pool, or none
    local index = pool_index(deal, pool)
    if not index then
      return nil, 'X;' .. pool
    end
    codes = place_of(part, index, 'codes:remaining', 'codes:paid')
  end
  local refusal = check_place(item, quantity) or (codes and check_place(codes, quantity))
  if refusal then
    return nil, refusal
  end
  deal.stock = { effect_of(item, quantity), codes and effect_of(codes, quantity) }
  deal.type = 'claim.accepted'
  deal.variant = text(quantity)
  deal.facts = deal.variant .. ',' .. part.pool
  return true
end

local TAKE = { draw = take_spin, task = take_task, redemption = take_claim }
local CHECK = { draw = check_draw, task = check_task }

-- Steps 3 to 7 of one command; a refusal, or nil when everything is noted in the deal.
local function decide_deal(deal)
  local activity, values = deal.activity, deal.values
  local entitlements = activity.entitlement and values[activity.entitlement]
  local refusal = check_standing(activity, values[activity.disqualified], entitlements, deal.level)
  local check = CHECK[deal.part.kind]
  refusal = refusal or (check and check(deal))
  if not refusal and deal.by == 'user' then
    refusal = take_token(activity, deal.frame.opening)
  end
  refusal = refusal or check_times(deal) or debit(deal, deal.quantity)
  if refusal then
    return refusal
  end
  local taken, why = TAKE[deal.part.kind](deal)
  return not taken and why or nil
end

local PARTICIPATE = '^' .. string.rep('([^\n]*)\n', 10) .. '()'

-- A table of this size costs as much as reading the user's hash, so one is used for all commands of the batch, one by one.
local deal_of_all = {}

-- The request, with all cleared that the steps note about it.
local function read_request(at, frame)
  local deal = deal_of_all
  local place, user, quantity, level, day, from
  place, user, deal.key, deal.hash, quantity, level, deal.by, deal.random, deal.pools, day, from =
    string.match(COMMANDS_TEXT, PARTICIPATE, at)
  local after
  deal.head, after = take_line(from)
  deal.activity_index, deal.user_index = to_number(place), to_number(user)
  deal.quantity, deal.level = to_number(quantity), to_number(level)
  deal.day = day ~= '' and to_number(day) or nil
  deal.frame = frame
  deal.gives, deal.puts, deal.stock, deal.chain, deal.variant = false, false, false, false, false
  deal.given, deal.capped, deal.doubler, deal.daily_left = false, false, false, false
  deal.factor = 1
  deal.moves, deal.entity, deal.record = '', '', ''
  return deal, after
end

-- The activity and its part, or nil, nil and the refusal.
local function find_part(index, request, frame)
  local activity, refusal = open_activity(index, frame.opening.now)
  if not activity then
    return nil, nil, refusal
  end
  if not TAKE[activity.rules.kind] then
    return nil, nil, 'R;NOT_FOUND'
  end
  local part = part_of(activity, frame.opening, request.day)
  return activity, part, not part and 'X;' .. KEYS[index + 1] or nil
end

local function participate(at, frame)
  local deal, after = read_request(at, frame)
  local user_index, key = deal.user_index, deal.key
  local activity, part, refusal = find_part(deal.activity_index, deal, frame)
  if not part then
    local values = fetch(user_index, key)
    return values and replay_with_record(frame, user_index, values, key, deal.hash) or refusal, after
  end
  local values, user = fetch_fields(user_index, key, part.fields)
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  if values[key] then
    values = fetch(user_index, key)
    return replay_with_record(frame, user_index, values, key, deal.hash), after
  end
  -- `user`: the hash, when an earlier command of this batch asked for it
  deal.activity, deal.part, deal.values, deal.user = activity, part, values, user
  if part.kind ~= 'redemption' then
    -- one spin, one completion, whatever a caller says
    deal.quantity = 1
  end
  begin_deal(deal)
  if not numbers_are_whole(part.numbers, values) or not records_are_readable(part, values) then
    return 'X;' .. KEYS[user_index], after
  end
  refusal = decide_deal(deal)
  if refusal then
    return refusal, after
  end
  return record_deal(deal), after
end
