--[[
  purpose: a sale: units for money. A purchase has a command of its own, commands/buy.lua, without terms and attempt: no command
           comes more often, and so it costs little more than half of what a spin costs
  Returns: the kind's members, see lib/kinds.lua
]]
return { is_bought = true }
