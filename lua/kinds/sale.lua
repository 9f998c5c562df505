--[[
  purpose: a sale: units for money. Its purchases have a command of their own, commands/buy.lua, instead of terms and an attempt:
           it is what most users ask for in a rush, and one that reads a list and writes a list takes half of what a spin takes
  Returns: the kind's members, see lib/kinds.lua
]]
return { is_bought = true }
