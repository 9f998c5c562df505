--[[
  purpose: what all other shards had of an item (a field `<name>:remaining` of a stock hash) when they were last read: the fact. It is in
           no frame, and believed for a second of Redis' own time: shard time stands still when a clock has stepped back
  KEYS:    5 elsewhere, where there are several shards: field `<key> <field>`, value `<units>;<seen>`, `?;<seen>` where one did not
           answer, `-;<time>` since this shard lent some
  Returns: HAS_PEERS; item_of(index, field) -> its name; units_elsewhere(index, field, opening) -> how many, '?' when that is not known,
           nil without a fact; short_of(index, field, missing, opening) -> U or LACKS (M;<key> <field> <missing>), or nil and how
           many units others have, fewer than are missing
]]
local FACT_MS = 1000

local HAS_PEERS = KEYS[5] == PREFIX .. 'elsewhere'

local function item_of(index, field)
  return logical(index) .. ' ' .. field
end

local function units_elsewhere(index, field, opening)
  local item = item_of(index, field)
  local facts = fetch(5, item)
  local units, seen = string.match(facts and facts[item] or '', '^([^;]*);(%d+)$')
  local age = seen and opening.time - tonumber(seen)
  if not age or age < 0 or age > FACT_MS then
    return nil
  end
  return units == '?' and units or tonumber(units)
end

local function short_of(index, field, missing, opening)
  if not HAS_PEERS then
    return nil, 0
  end
  local units = units_elsewhere(index, field, opening)
  if units == '?' then
    return 'U'
  end
  if units and units < missing then
    return nil, units
  end
  return 'M;' .. item_of(index, field) .. ' ' .. text(missing)
end
