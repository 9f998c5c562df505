--[[
  purpose: step 7 of a prize: its quota and its code pool, whether something is left, and what one prize takes
  KEYS:    stock (s:): `<prize>:remaining|paid|total|lent|received`; of pools `codes:remaining|paid`
  Returns: quota_of(prizes, prize) -> the hash or nil; missing_of(attempt, prizes, prize) -> false when all is here; '' when it is
           exhausted; else U or LACKS, for it may be in another shard; nil and a key when that is not readable;
           stock_of_prize(attempt, prizes, prize) -> a list as in attempt.stock, nil when it takes nothing
]]
-- The quota of a prize: nil when its stock is missing or not readable, which is never read as "exhausted".
local function quota_of(prizes, prize)
  if prize.quota then
    return prize.quota
  end
  local values, hash = fetch(prizes.index + 2, prize.remaining, prize.paid, prize.total)
  if not values or not values[prize.remaining] then
    return nil
  end
  local numbers = { prize.remaining, prize.paid, prize.total }
  if prize.even and HAS_PEERS then
    prize.whole = whole_of(prizes.index + 1, prize.id)
    numbers[4], numbers[5] = prize.lent, prize.received
    values = fetch(prizes.index + 2, prize.lent, prize.received)
  end
  prize.quota = numbers_are_whole(numbers, values) and hash or nil
  return prize.quota
end

-- Codes of a prize's pool: nil when they are not readable, or when the caller has not read the newest rules and does not name the
-- pool. Codes that were never loaded count as 0.
local function codes_of(attempt, prizes, prize)
  local pool = prizes.pools[prize.id]
  if not prizes.codes[pool] then
    local index = pool_index(attempt, pool)
    local values, hash = nil, nil
    if index then
      values, hash = fetch(index, 'codes:remaining', 'codes:paid')
    end
    if not values or not numbers_are_whole({ 'codes:remaining', 'codes:paid' }, values) then
      return nil
    end
    prizes.codes[pool] = hash
  end
  return prizes.codes[pool]
end

-- What a prize lacks here, a unit or a code: one that the other shards do not have either makes it exhausted, whatever else is there.
local function missing_of(attempt, prizes, prize)
  local quota = prize.limited and quota_of(prizes, prize)
  if prize.limited and not quota then
    return nil, KEYS[prizes.index + 2]
  end
  local pool = prizes.pools[prize.id]
  local codes = pool and codes_of(attempt, prizes, prize)
  if pool and not codes then
    return nil, pool
  end
  local opening, undecided = attempt.frame.opening, false
  if quota and whole(quota.values[prize.remaining]) < 1 then
    undecided = short_of(prizes.index + 2, prize.remaining, 1, opening) or ''
  end
  if undecided ~= '' and codes and whole(codes.values['codes:remaining']) < 1 then
    local of_codes = short_of(pool_index(attempt, pool), 'codes:remaining', 1, opening) or ''
    undecided = (of_codes == '' or not undecided) and of_codes or undecided
  end
  return undecided
end

-- Made once a batch: all attempts share the list.
local function stock_of_prize(attempt, prizes, prize)
  local pool = prizes.pools[prize.id]
  if not prize.stock and (prize.limited or pool) then
    prize.stock = {}
    if prize.limited then
      local deltas = { [prize.remaining] = -1, [prize.paid] = 1 }
      prize.stock[1] = { hash = quota_of(prizes, prize), scope = 's', deltas = deltas }
    end
    if pool then
      local deltas = { ['codes:remaining'] = -1, ['codes:paid'] = 1 }
      prize.stock[#prize.stock + 1] = { hash = codes_of(attempt, prizes, prize), scope = pool, deltas = deltas }
    end
  end
  return prize.stock
end
