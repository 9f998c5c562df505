--[[
  purpose: JSON of names, numbers and texts; cjson would write numbers with 14 digits only and escape every slash
  Returns: quoted(text); json_fields({ name = number or text }) -> object; json_part(name, { scope = fields }) -> member of
           an object with a comma in front, '' when there are no scopes; adds_part(stock, user) -> member `add`
]]
-- Names and records contain no character that JSON escapes; values that operators put may. (A search for such a character
-- takes three times as long.)
local function quoted(value)
  return string.find(value, '^[^%c"\\]*$') and '"' .. value .. '"' or cjson.encode(value)
end

local function json_fields(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = quoted(name) .. ':' .. (type(value) == 'number' and text(value) or quoted(value))
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

local function json_part(name, scopes)
  local parts = {}
  for scope, fields in pairs(scopes) do
    parts[#parts + 1] = quoted(scope) .. ':' .. json_fields(fields)
  end
  return #parts > 0 and ',"' .. name .. '":{' .. table.concat(parts, ',') .. '}' or ''
end

local function adds_part(stock, user)
  local parts = {}
  if next(stock) then
    parts.s = stock
  end
  if next(user) then
    parts.u = user
  end
  return json_part('add', parts)
end
