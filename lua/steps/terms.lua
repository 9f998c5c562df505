--[[
  purpose: the terms of an activity, read once a batch: here what all kinds may have, and the rest by the kind's `prepare`
  KEYS:    campaign (c:), activity (a:), stock (s:), side by side
  Returns: terms_of(activity, opening, day, action) -> terms, or nil when its rules are not readable
]]
-- Each action of an activity has limits, a reward and counters of its own, `per_day:<action>` and so on; only the usual action has
-- costs and chances.
local FIELDS_OF_ACTIONS = { 'per_day', 'per_campaign', 'reward' }
local TERMS_FIELDS = { 'cost_unit', 'cost_field', 'cost', 'daily', 'keep' }

local function push_all(list, more)
  for i = 1, #more do
    list[#list + 1] = more[i]
  end
end

local function fields_of(kind, suffix)
  local fields = {}
  for i = 1, #FIELDS_OF_ACTIONS do
    fields[i] = FIELDS_OF_ACTIONS[i] .. suffix
  end
  if suffix == '' then
    push_all(fields, TERMS_FIELDS)
  end
  push_all(fields, kind.fields or {})
  return fields
end

-- `least`: the length that fetch_fields needs, which is seven.
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

local function new_terms(activity, opening, day, request)
  local rules, suffix = request.rules, request.suffix
  local id = activity.campaign_id .. '/' .. activity.activity_id
  local campaign = fetch(activity.index, 'zone')
  local today = local_day(campaign.zone or '', opening.now)
  local times = 'n:' .. id .. suffix
  return today
    and {
      activity_id = activity.activity_id,
      campaign_id = activity.campaign_id,
      kind = kind_of(activity.rules),
      now = opening.now,
      today = day or today,
      id = id,
      action = request.action,
      suffix = suffix,
      times = times,
      times_today = times .. '@' .. text(day or today),
      kept = 'dk:' .. id,
      streak = 'st:' .. id,
      doubler = 'db:' .. activity.campaign_id,
      per_day = natural(rules['per_day' .. suffix]),
      per_campaign = natural(rules['per_campaign' .. suffix]),
      units_per_user = natural(activity.limits.activity),
      cost_unit = rules.cost_unit or '',
      cost_field = rules.cost_field or '',
      cost = natural(rules.cost),
      daily = natural(rules.daily),
      keep = rules.keep == '1',
      reward = parse_reward(rules['reward' .. suffix] or ''),
      completed = 't:' .. id,
      starts = {},
      supplies = {},
      -- the fields of a user's hash that the steps read: all of them, the counters, the records
      fields = {},
      numbers = {},
      records = {},
    }
end

local function is_readable(terms)
  local numbers = terms.per_day and terms.per_campaign and terms.units_per_user and terms.cost and terms.daily
  return numbers and terms.reward and (terms.cost == 0 or terms.cost_field ~= '')
end

local function load_terms(activity, opening, day, action)
  local suffix = action == '' and '' or ':' .. action
  local rules = fetch(activity.index + 1, unpack(fields_of(kind_of(activity.rules), suffix)))
  local terms = rules and new_terms(activity, opening, day, { rules = rules, action = action, suffix = suffix })
  if not terms or not is_readable(terms) then
    return nil
  end
  local numbers = terms.numbers
  push_all(numbers, { 'd', activity.count_campaign, terms.times })
  if activity.entitlement then
    numbers[#numbers + 1] = activity.entitlement
  end
  if terms.cost > 0 then
    numbers[#numbers + 1] = terms.cost_field
  end
  read_reward(terms, terms.reward)
  local prepare = terms.kind.prepare
  if prepare and not prepare(terms, rules, activity) then
    return nil
  end
  if terms.doubles then
    read_record(terms, terms.doubler, 'doubler')
  end
  terms.by_day = terms.per_day > 0 or terms.daily > 0
  if terms.by_day then
    numbers[#numbers + 1] = terms.times_today
  end
  if terms.keep then
    local opens_at = math.max(activity.campaign.opens_at, activity.session.opens_at)
    terms.first_day = local_day(activity.campaign.zone, opens_at)
    read_record(terms, terms.kept, 'kept')
  end
  terms.numbers = without_repeats(numbers, 0)
  numbers = terms.numbers
  push_all(terms.fields, numbers)
  terms.fields[#terms.fields + 1] = activity.disqualified
  terms.fields = without_repeats(terms.fields, 7)
  return terms
end

local function terms_of(activity, opening, day, action)
  local name = day or ''
  if action ~= '' then
    name = name .. ':' .. action
  end
  local known = activity.terms
  if known[name] == nil then
    known[name] = load_terms(activity, opening, day, action) or false
  end
  return known[name] or nil
end
