--[[
  purpose: the record of a win, `status;frame;campaign;draw;prize;sub;tier;type;at;claimBy;given`, and the spin that makes it
  KEYS:    the user's hash; stock (s:)
  Returns: take_spin(deal) -> true, or nil and the refusal; parse_win(record); changed_win(win, status, frame)
]]
-- What a prize credits at once must be readable in the user's hash before anything is written.
local function fetch_reward(deal, reward)
  local numbers = {}
  for i = 1, #reward do
    local field = reward[i].hours and reward[i].field
    local values = field and fetch(deal.user_index, field)
    if field and not (values and is_record(values[field], RECORDS.doubler)) then
      return false
    end
  end
  reward_fields(numbers, reward, deal.part)
  if #numbers == 0 then
    return true
  end
  local values = fetch(deal.user_index, unpack(numbers))
  if not values or not numbers_are_whole(numbers, values) then
    return false
  end
  for i = 1, #numbers do
    deal.values[numbers[i]] = values[numbers[i]]
  end
  return true
end

-- Returns false when the user's hash is not readable.
local function credit_prize(deal, reward)
  if #reward == 0 then
    return true
  end
  if not fetch_reward(deal, reward) then
    return false
  end
  give_reward(deal, reward)
  return true
end

local function take_quota(deal, prize)
  local draw = deal.part.draw
  local pool = draw.pools[prize.id]
  if not prize.stock and (prize.limited or pool) then
    prize.stock = {}
    if prize.limited then
      local deltas = { [prize.remaining] = -1, [prize.paid] = 1 }
      prize.stock[1] = { hash = quota_of(draw, prize), scope = 's', deltas = deltas }
    end
    if pool then
      local deltas = { ['codes:remaining'] = -1, ['codes:paid'] = 1 }
      prize.stock[#prize.stock + 1] = { hash = codes_of(deal, draw, prize), scope = pool, deltas = deltas }
    end
  end
  deal.stock = prize.stock or false
end

local function note_win(deal, prize, sub)
  local entity = EPOCH .. '-' .. next_sequence(deal.frame)
  local credited = deal.given
  local claim_by = not credited and prize.claim_within > 0 and text(deal.part.now + prize.claim_within) or ''
  deal.entity = entity
  deal.record = (credited and 'g;' or 'w;')
    .. deal.frame.id
    .. ';'
    .. deal.part.campaign_id
    .. ';'
    .. deal.part.activity_id
    .. ';'
    .. prize.id
    .. ';'
    .. (sub and sub.id or '')
    .. ';'
    .. prize.tier
    .. ';'
    .. prize.type
    .. ';'
    .. deal.frame.opening.now_text
    .. ';'
    .. claim_by
    .. ';'
    .. (deal.given or '')
  deal_put(deal, 'w:' .. entity, deal.record)
end

local function take_spin(deal)
  local draw = deal.part.draw
  local prize, sub = take_prize(deal, deal.random, deal.level)
  if not prize then
    return nil, sub
  end
  -- a win is what is worth something, the fallback too
  local won = prize.type ~= 'nothing'
  if not credit_prize(deal, prize.reward) or (sub and not credit_prize(deal, sub.reward)) then
    return nil, 'X;' .. KEYS[deal.user_index]
  end
  take_quota(deal, prize)
  if draw.memory then
    note_losses(deal, draw, prize, won)
  end
  if won then
    deal.adds[draw.wins] = 1
    if draw.tiers_most[prize.tier] then
      deal.adds[draw.wins .. '/' .. prize.tier] = 1
    end
  end
  deal.type = won and 'spin.won' or 'spin.lost'
  if won then
    note_win(deal, prize, sub)
  end
  local left = deal.daily_left and text(deal.daily_left) or ''
  local sub_id = sub and sub.id or ''
  deal.facts = prize.id
    .. ','
    .. sub_id
    .. ','
    .. deal.number
    .. ','
    .. deal.previous
    .. ','
    .. deal.picked
    .. ','
    .. deal.why
    .. ','
    .. text(deal.level)
    .. ','
    .. left
  if not prize.reward.varies and not (sub and sub.reward.varies) then
    deal.variant = sub and prize.id .. '~' .. sub_id or prize.id
  end
  return true
end

local WIN = '^([wgcr]);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);(%d+);([^;]*);(%d+);(%d*);(.*)$'

local function parse_win(record)
  local status, id, campaign, draw, prize, _, tier, type_name, _, claim_by, given = string.match(record, WIN)
  return status
    and {
      status = status,
      frame = id,
      campaign = campaign,
      draw = draw,
      prize = prize,
      tier = tier,
      type = type_name,
      claim_by = tonumber(claim_by),
      given = given,
      text = record,
    }
end

local function changed_win(win, status, frame)
  return status .. ';' .. frame.id .. ';' .. string.match(win.text, '^%a;[^;]*;(.*)$')
end
