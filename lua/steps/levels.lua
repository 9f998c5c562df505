--[[
  purpose: levels of a campaign: the level in force is the higher of the token's and the earned one, and it has privileges
  KEYS:    the user's hash: `lv:<campaign>`, or `lv:` where levels belong to the account: the earned level
  Returns: read_levels(packed) -> levels, nil where there are none, false when they are not readable; level_of(levels, user_index, level) -> the level in force,
           nil when the earned one is no number; privileges_of(levels, level) -> of the highest level that is reached, or nil
]]
-- `<field>|<id>:<ms early>,<units more>,<percent off>;...`, sorted by id.
local function read_levels(packed)
  if not packed or packed == '' then
    return nil
  end
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

local function level_of(levels, user_index, level)
  local values = fetch(user_index, levels.field)
  local earned = values and natural(values[levels.field])
  return earned and math.max(earned, level)
end

local function privileges_of(levels, level)
  for i = #levels.list, 1, -1 do
    if levels.list[i].id <= level then
      return levels.list[i]
    end
  end
  return nil
end
