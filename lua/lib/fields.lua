--[[
  purpose: the fields of the commands of this batch, in order; commands read theirs by place
  Returns: FIELDS
]]
local FIELDS = {}
