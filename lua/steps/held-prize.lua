--[[
  purpose: steps 7 and 8 of the prize that a reward holds: a win of its user, from its quota and its code pool. Where nothing is left
           the report says so, and the rest of the reward is given; where it may be in another shard nothing is decided. It counts
           against no cap of a draw
  KEYS:    activity (a:): `prize:<id>`, `pools`; stock (s:), also of pools
  Returns: give_prize(attempt, entry), an entry of a reward; notes in attempt.fault U, LACKS, or that rules or stock are not readable
]]
local function held_prizes(attempt)
  local terms = attempt.terms
  if not terms.held then
    local index = attempt.activity.index
    local rules = fetch(index + 1, 'pools')
    local pools = rules and parse_pools(rules.pools or '', terms.campaign_id)
    terms.held = pools and { index = index, pools = pools, known = {}, codes = {} }
  end
  return terms.held
end

local function give_prize(attempt, entry)
  local prizes = held_prizes(attempt)
  local prize = prizes and prize_of(prizes, entry.prize)
  local missing, spoiled = nil, KEYS[attempt.activity.index + 1]
  if prize then
    missing, spoiled = missing_of(attempt, prizes, prize)
  end
  if spoiled then
    attempt.fault = 'X;' .. spoiled
    return
  end
  -- nothing was rolled for it, so the whole command may be asked again
  if missing and missing ~= '' and attempt.entity == '' then
    attempt.fault = missing
    return
  end
  -- a win has the id of its decision, so there is one; the check of a definition refuses rewards that would give two at once
  local given = not missing and attempt.entity == ''
  if given then
    -- what else takes stock, a redemption, gives no reward
    attempt.stock = stock_of_prize(attempt, prizes, prize) or false
    note_win(attempt, prize)
    attempt.adds[entry.field] = 1
  end
  attempt.moves = attempt.moves .. '|' .. entry.unit .. (given and ' 1 1' or ' 0 0')
end
