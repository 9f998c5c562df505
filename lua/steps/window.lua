--[[
  purpose: step 2, campaign and session are open by shard time, not paused, not ended
  KEYS:    campaign (c:), activity (a:), stock (s:), side by side
  Returns: SESSION_WIDTH and session_at(packed, number), nil when that is no record; load_activity(index) and activity_at(index)
           -> its rules, nil when they are not readable; open_window(activity, now, early) -> refusal, or nil with its session
           set, which opens within `early` ms at the latest; open_activity(index, now) -> activity with its session, or nil and
           the refusal; owing_activity(index, now) -> activity, or nil and the refusal, for what is owed; is_final(index, now) -> whether
           nothing of the campaign is paid, shipped, returned, claimed or revoked any more; is_gone(campaign) -> whether it was
           archived; unreadable(index) -> the refusal where activity_at returned nil
]]
local SESSION_WIDTH = 65
local SHIP_BY_WIDTH = 26
local activities = {}

local CAMPAIGN_NUMBERS = { 'opens_at', 'closes_at', 'units_per_user', 'participants' }

-- Whatever the steps compare or concatenate must exist: an error in Lua would fail the whole batch.
local function are_rules(campaign, rules, is_bought)
  if not (campaign.opens_at and campaign.closes_at and rules.sessions) then
    return false
  end
  if is_bought and not (rules.price and rules.currency) then
    return false
  end
  return numbers_are_whole(CAMPAIGN_NUMBERS, campaign)
    and whole(rules.price)
    and whole(rules.pay_within)
    and tonumber(campaign.rate or '0')
    and tonumber(campaign.burst or '0')
end

-- Rules of an activity, read once a batch; nil when a hash is missing or not readable (never "sold out"). Only what every command
-- asks for: each field that is not there costs as much as a search of the whole hash, so what some commands need they fetch.
local function load_activity(index)
  local campaign, campaign_hash = fetch(
    index,
    'ready',
    'opens_at',
    'closes_at',
    'paused',
    'ended',
    'rate',
    'burst',
    'units_per_user',
    'participants',
    'levels'
  )
  local rules = fetch(
    index + 1,
    'kind',
    'price',
    'currency',
    'units_per_user',
    'pay_within',
    'paused',
    'entitlement',
    'level',
    'ship_by',
    'sessions',
    'goal',
    'reserved'
  )
  local kind = rules and kind_of(rules)
  local is_bought = kind and kind.is_bought or false
  local level, units_per_user = whole(rules and rules.level), whole(rules and rules.units_per_user)
  if not campaign or not rules or not level or not units_per_user or not are_rules(campaign, rules, is_bought) then
    return nil
  end
  local campaign_id, activity_id = string.match(string.sub(KEYS[index + 1], #PREFIX + 1), '^a:([^:]+):([^:]+)$')
  return {
    index = index,
    campaign = campaign,
    campaign_hash = campaign_hash,
    rules = rules,
    rate = tonumber(campaign.rate) or 0,
    is_bought = is_bought,
    is_goal = rules.goal == '1',
    level = level,
    levels = campaign.levels and campaign.levels ~= '' and campaign.levels or nil,
    limits = { campaign = campaign.units_per_user or 0, activity = units_per_user },
    campaign_id = campaign_id,
    activity_id = activity_id,
    count_campaign = 'n:' .. campaign_id,
    count_activity = 'n:' .. campaign_id .. '/' .. activity_id,
    disqualified = 'dq:' .. campaign_id,
    entitlement = rules.entitlement and rules.entitlement ~= '' and 'e:' .. campaign_id .. '/' .. rules.entitlement
      or nil,
    reservation = rules.reserved and rules.reserved ~= '' and rules.reserved or nil,
    starts = {},
    first_starts = {},
    records = {},
    terms = {},
  }
end

-- A campaign that was archived has left its name in the shard's hash; where a hash is missing without it, that is a fault.
local function is_gone(campaign)
  local field = 'gone:' .. (campaign or '')
  local values = fetch(1, field)
  return values and values[field] ~= false
end

local function unreadable(index)
  return is_gone(string.sub(logical(index), 3)) and 'R;NOT_FOUND' or 'X;' .. KEYS[index + 1]
end

local function activity_at(index)
  if activities[index] == nil then
    activities[index] = load_activity(index) or false
  end
  return activities[index] or nil
end

-- nil when the record is not one
local function session_at(packed, number)
  local from = (number - 1) * SESSION_WIDTH
  local opens_at = tonumber(string.sub(packed, from + 1, from + 13))
  local closes_at = tonumber(string.sub(packed, from + 14, from + 26))
  local units_per_user = tonumber(string.sub(packed, from + 27, from + 32))
  local id = string.match(string.sub(packed, from + 34, from + SESSION_WIDTH), '^(%S+) *$')
  return opens_at
      and closes_at
      and units_per_user
      and id
      and {
        opens_at = opens_at,
        closes_at = closes_at,
        units_per_user = units_per_user,
        paused = string.sub(packed, from + 33, from + 33) == '1',
        id = id,
      }
    or nil
end

-- The session that is open; for a goal, which was reached in time and may be decided later, also the one that was open last.
local function find_session(activity, now, early)
  local packed = activity.rules.sessions
  local number = last_at(packed, SESSION_WIDTH, now)
  local current = number and number > 0 and session_at(packed, number) or nil
  if not number or (number > 0 and not current) then
    return nil, 'X;' .. KEYS[activity.index + 1]
  end
  if current and (now < current.closes_at or activity.is_goal) then
    return current
  end
  local following = number < #packed / SESSION_WIDTH and session_at(packed, number + 1) or nil
  if following and following.opens_at <= now + early then
    return following
  end
  if not current and following then
    return nil, 'R;NOT_STARTED;' .. text(following.opens_at)
  end
  return nil, 'R;SESSION_CLOSED;' .. (following and text(following.opens_at) or '')
end

-- The time by which orders accepted now have to be shipped, '' for none; nil when the records are not readable.
local function ship_by_at(packed, now)
  local number = last_at(packed, SHIP_BY_WIDTH, now)
  local from = number and number * SHIP_BY_WIDTH
  return from and (number == 0 and '' or string.match(string.sub(packed, from - 12, from), '^%d+$'))
end

local function open_window(activity, now, early)
  local campaign = activity.campaign
  if campaign.ready ~= '1' then
    return 'R;NOT_FOUND'
  end
  -- a goal was reached in time, and its reward is owed
  local is_over = campaign.ended == '1' or now >= campaign.closes_at
  if is_over and not activity.is_goal then
    return 'R;ENDED'
  end
  if now + early < campaign.opens_at then
    local first = tonumber(string.sub(activity.rules.sessions, 1, 13)) or 0
    return 'R;NOT_STARTED;' .. text(math.max(first, campaign.opens_at))
  end
  -- what is paused waits, but not for good: nobody can resume what is over
  if not is_over and (campaign.paused == '1' or activity.rules.paused == '1') then
    return 'R;PAUSED'
  end
  local session, refusal = find_session(activity, now, early)
  if not session then
    return refusal
  end
  if session.paused and not is_over then
    return 'R;PAUSED'
  end
  local times = activity.rules.ship_by
  local ship_by = times and ship_by_at(times, math.max(now, session.opens_at)) or (not times and '')
  if not ship_by then
    return 'X;' .. KEYS[activity.index + 1]
  end
  activity.ship_by = ship_by
  activity.session = session
  activity.count_session = activity.count_activity .. '/' .. session.id
  activity.remaining = session.id .. ':remaining'
  activity.held = session.id .. ':held'
  activity.position = session.id .. ':position'
  return nil
end

-- The window is the same for all commands of a batch, so it is checked once.
local function open_activity(index, now)
  local activity = activities[index] or activity_at(index)
  if not activity then
    return nil, unreadable(index)
  end
  if activity.refusal == nil then
    activity.refusal = open_window(activity, now, 0) or false
  end
  if activity.refusal then
    return nil, activity.refusal
  end
  return activity
end

-- A credit is owed for what was decided in time, so no closing time refuses it.
local function owing_activity(index, now)
  local activity = activity_at(index)
  if not activity then
    return nil, unreadable(index)
  end
  local campaign = activity.campaign
  if campaign.ready ~= '1' then
    return nil, 'R;NOT_FOUND'
  end
  local is_over = campaign.ended == '1' or now >= campaign.closes_at
  if not is_over and (campaign.paused == '1' or activity.rules.paused == '1') then
    return nil, 'R;PAUSED'
  end
  return activity
end

-- Campaigns that an earlier version published say nothing of it. Read by what moves orders and wins only, and not with the rules.
local function is_final(index, now)
  local campaign = fetch(index, 'final_at')
  local at = campaign and tonumber(campaign.final_at or '')
  return at and now >= at or false
end
