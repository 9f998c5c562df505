--[[
  purpose: step 3, levels of a campaign: the level in force is the higher of the token's and the earned one, and it has privileges
  KEYS:    the user's hash: `lv:<campaign>`, or `lv:` where levels belong to the account: the earned level
  Returns: level_standing(activity, user_index, level) -> the level in force and its privileges or nil, or nil and the refusal;
           open_early(activity, user_index, level, now) -> the activity as it is for those whose level lets them come before its
           next session opens, or nil; discounted(activity, privileges) -> the price as text, nil for that of the rules
]]
-- Made only when a batch meets a campaign with levels (lib/decide), so that others do not pay for it.
local levels_read, early_activities = {}, {}

-- `<field>|<id>:<ms early>,<units more>,<percent off>;...`, sorted by id; false when it is not readable.
local function read_levels(packed)
  local field, rest = string.match(packed, '^(lv:[^|]*)|(.+)$')
  local levels = field and { field = field, list = {}, early = false }
  for entry in string.gmatch(rest or '', '[^;]+') do
    local id, early, extra, discount = string.match(entry, '^(%d+):(%d+),(%d+),(%d+)$')
    if not id then
      return false
    end
    local level = { id = tonumber(id), early = tonumber(early), extra = tonumber(extra), discount = tonumber(discount) }
    levels.list[#levels.list + 1] = level
    levels.early = levels.early or level.early > 0
  end
  return levels or false
end

local function levels_of(activity)
  local packed = activity.levels
  if levels_read[packed] == nil then
    levels_read[packed] = read_levels(packed)
  end
  return levels_read[packed]
end

-- Those of the highest level that is reached.
local function privileges_of(levels, level)
  for i = #levels.list, 1, -1 do
    if levels.list[i].id <= level then
      return levels.list[i]
    end
  end
  return nil
end

local function level_standing(activity, user_index, level)
  local levels = levels_of(activity)
  if not levels then
    return nil, 'X;' .. KEYS[activity.index]
  end
  local values = fetch(user_index, levels.field)
  local earned = values and natural(values[levels.field])
  if not earned then
    return nil, 'X;' .. KEYS[user_index]
  end
  local in_force = math.max(earned, level)
  return in_force, privileges_of(levels, in_force)
end

-- While a session is open everybody buys in that one, so this is asked only where none is.
local function early_activity(index, now, early)
  local name = index .. ':' .. early
  local known = early_activities[name]
  if known == nil then
    known = load_activity(index)
    known = known and not open_window(known, now, early) and known or false
    early_activities[name] = known
  end
  return known or nil
end

local function open_early(activity, user_index, level, now)
  local levels = levels_of(activity)
  if not levels or not levels.early then
    return nil
  end
  local in_force, privileges = level_standing(activity, user_index, level)
  return in_force and privileges and privileges.early > 0 and early_activity(activity.index, now, privileges.early)
    or nil
end

-- To the minor unit below.
local function discounted(activity, privileges)
  local rules = privileges.discount > 0 and fetch(activity.index + 1, 'level_discount')
  if not rules or rules.level_discount ~= '1' then
    return nil
  end
  return text(math.floor(whole(rules.price) * (100 - privileges.discount) / 100))
end
