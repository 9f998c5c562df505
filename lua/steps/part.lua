--[[
  purpose: what a draw, a task or a redemption is made of, read once a batch: an activity kind is data
  KEYS:    campaign (c:), activity (a:), stock (s:), side by side
  Returns: part_of(activity, opening, day) -> part, or nil when its rules are not readable
]]
local PART_FIELDS = {
  'kind',
  'per_day',
  'per_campaign',
  'cost_unit',
  'cost_field',
  'cost',
  'daily',
  'keep',
  'reward',
  'prizes',
  'weights',
  'fallback',
  'guarantee',
  'wins_per_campaign',
  'wins_per_tier',
  'memory',
  'per',
  'goal',
  'after',
  'streak',
  'pool',
  'pools',
}

local function push_all(list, more)
  for i = 1, #more do
    list[#list + 1] = more[i]
  end
end

-- `least`: fetch_fields asks for seven.
local function without_repeats(fields, least)
  local list, seen = {}, {}
  for i = 1, #fields do
    if not seen[fields[i]] then
      seen[fields[i]] = true
      list[#list + 1] = fields[i]
    end
  end
  for i = #list + 1, least do
    list[i] = list[1]
  end
  return list
end

-- `<days>=<reward>;...`; nil when it is not readable
local function parse_streak(packed)
  local steps = { longest = 0 }
  for step in string.gmatch(packed, '[^;]+') do
    local days, reward = string.match(step, '^([1-9]%d*)=(.*)$')
    local parsed = days and parse_reward(reward)
    if not parsed then
      return nil
    end
    steps[#steps + 1] = { days = tonumber(days), reward = parsed }
    steps.longest = math.max(steps.longest, tonumber(days))
  end
  return steps
end

-- A task is done once a period, so what the others call a limit is "done" here.
local function prepare_task(part, rules)
  local once_a_day = rules.per == 'day'
  part.per_day, part.per_campaign = once_a_day and 1 or 0, once_a_day and 0 or 1
  part.done = 'R;ALREADY_DONE'
  part.goal = rules.goal == '1'
  part.after, part.steps = {}, parse_streak(rules.streak or '')
  if not part.steps then
    return false
  end
  for task in string.gmatch(rules.after or '', '[^,]+') do
    local field = 't:' .. part.campaign_id .. '/' .. task
    part.after[#part.after + 1] = { task = task, field = field }
    read_record(part, field, 'completion')
  end
  part.doubles = part.reward.doubles
  for i = 1, #part.steps do
    part.doubles = part.doubles or part.steps[i].reward.doubles
    reward_fields(part.numbers, part.steps[i].reward, part)
    reward_cards(part.steps[i].reward, part)
  end
  if part.doubles then
    read_record(part, part.doubler, 'doubler')
  end
  if #part.steps > 0 then
    read_record(part, part.streak, 'streak')
  end
  return true
end

local PREPARE = { draw = prepare_draw, task = prepare_task }

local function new_part(activity, opening, day, rules)
  local place = activity.campaign_id .. '/' .. activity.activity_id
  local today = local_day(activity.campaign.zone or '', opening.now)
  local times = 'n:' .. place
  return today
    and {
      activity_id = activity.activity_id,
      campaign_id = activity.campaign_id,
      kind = rules.kind,
      now = opening.now,
      today = day or today,
      place = place,
      times = times,
      times_today = times .. '@' .. text(day or today),
      kept = 'dk:' .. place,
      streak = 'st:' .. place,
      doubler = 'db:' .. activity.campaign_id,
      per_day = natural(rules.per_day),
      per_campaign = natural(rules.per_campaign),
      units_per_user = natural(activity.rules.units_per_user),
      cost_unit = rules.cost_unit or '',
      cost_field = rules.cost_field or '',
      cost = natural(rules.cost),
      daily = natural(rules.daily),
      keep = rules.keep == '1',
      reward = parse_reward(rules.reward or ''),
      pool = rules.pool or '',
      completed = 't:' .. place,
      starts = {},
      places = {},
      -- what the steps look at in a user's hash: everything, counters, records
      fields = {},
      numbers = {},
      records = {},
    }
end

local function is_readable(part)
  local numbers = part.per_day and part.per_campaign and part.units_per_user and part.cost and part.daily
  return numbers and part.reward and (part.cost == 0 or part.cost_field ~= '')
end

local function load_part(activity, opening, day)
  local rules = fetch(activity.index + 1, unpack(PART_FIELDS))
  local part = rules and new_part(activity, opening, day, rules)
  if not part or not is_readable(part) then
    return nil
  end
  local numbers = part.numbers
  push_all(numbers, { 'd', activity.count_campaign, part.times })
  if activity.entitlement then
    numbers[#numbers + 1] = activity.entitlement
  end
  if part.cost > 0 then
    numbers[#numbers + 1] = part.cost_field
  end
  reward_fields(numbers, part.reward, part)
  reward_cards(part.reward, part)
  local prepare = PREPARE[part.kind]
  if prepare and not prepare(part, rules, activity) then
    return nil
  end
  part.by_day = part.per_day > 0 or part.daily > 0
  if part.by_day then
    numbers[#numbers + 1] = part.times_today
  end
  if part.keep then
    local opens_at = math.max(tonumber(activity.campaign.opens_at), activity.session.opens_at)
    part.first_day = local_day(activity.campaign.zone, opens_at)
    read_record(part, part.kept, 'kept')
  end
  part.numbers = without_repeats(numbers, 0)
  numbers = part.numbers
  push_all(part.fields, numbers)
  part.fields[#part.fields + 1] = activity.disqualified
  part.fields = without_repeats(part.fields, 7)
  return part
end

local function part_of(activity, opening, day)
  local name = day or ''
  local parts = activity.parts
  if parts[name] == nil then
    parts[name] = load_part(activity, opening, day) or false
  end
  return parts[name] or nil
end
