--[[
  purpose: a sale: units for money. A purchase has a command of its own, commands/buy.lua, without terms and attempt: it is the most
           frequent command, and so costs little more than half of a spin
  Returns: the kind's members, see lib/kinds.lua
]]
return { is_bought = true }
