import { type Context, checkOwnWindow, checkUnits } from '../../parts/check.ts'
import type { RedemptionDefinition } from './definition.ts'

/** Checks what the schema of a redemption cannot say. */
export function checkRedemption(item: RedemptionDefinition, pointer: string, context: Context): void {
  checkOwnWindow(item, pointer, context)
  checkUnits(Object.keys(item.cost), `${pointer}/cost`, context)
}
