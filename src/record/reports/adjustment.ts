/** What an adjustment says about itself. */
interface AdjustmentReport {
  readonly kind: 'adjustment'
  /** what each of its `adds` really did, in their order: removing takes what is left */
  readonly applied: readonly number[]
}

const APPLIED = /^-?\d+(?:,-?\d+)*$/

/** Reads `<delta>,<delta>...`; undefined where it added nothing, so that nothing is said. */
export function decodeAdjustment(text: string): AdjustmentReport | undefined {
  return APPLIED.test(text) ? { kind: 'adjustment', applied: text.split(',').map(Number) } : undefined
}
