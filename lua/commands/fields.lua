--[[
  purpose: named fields of a user's hash
  KEYS:    index of the user
  FIELDS:  user index, number of names, [name]...
  Returns: F, then a line for each: its value after a `+`, or `-` where there is none
]]
local function read_fields(at)
  local fields, names
  fields, at = take_fields(at, 2)
  names, at = take_fields(at, tonumber(fields[2]))
  local key, lines = KEYS[tonumber(fields[1])], { 'F' }
  for from = 1, #names, 4000 do
    local values = redis.pcall('HMGET', key, unpack(names, from, math.min(from + 3999, #names)))
    if values.err then
      return 'X;' .. key, at
    end
    for i = 1, #values do
      lines[#lines + 1] = values[i] and '+' .. values[i] or '-'
    end
  end
  return table.concat(lines, '\n'), at
end
