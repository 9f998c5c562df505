export interface ToyPrize {
  readonly id: string
  readonly tier: number
  readonly weight: number
  /** units at the start; undefined: no quota */
  readonly quota?: number | undefined
  readonly minSpins?: number
  readonly even?: boolean
  readonly guaranteedAfter?: number
  /** points that it credits at once */
  readonly points?: number
  /** weights of its sub-prizes */
  readonly subs?: readonly number[]
}

export interface ToyDraw {
  /** the last one is the fallback, which is nothing */
  readonly prizes: readonly ToyPrize[]
  readonly cost: number
  /** of a user, all and by tier; 0: no limit */
  readonly winsMost: number
}

/** Prizes that losing spins promise, the longest wait first. */
export function byWait(prizes: readonly ToyPrize[]): ToyPrize[] {
  return prizes
    .filter(({ guaranteedAfter = 0 }) => guaranteedAfter > 0)
    .sort((a, b) => (b.guaranteedAfter ?? 0) - (a.guaranteedAfter ?? 0))
}

/** The index that hex digits mean in weights. */
export function choose(digits: string, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let at = Number(BigInt(`0x${digits}`) % BigInt(total))
  for (const [index, weight] of weights.entries()) {
    if (at < weight) return index
    at -= weight
  }
  return -1
}

/** A prize as the rules hold it. */
export function packPrize(
  { tier, quota, minSpins = 0, even, points = 0, subs = [] }: ToyPrize,
  isFallback: boolean
): string {
  const kind = isFallback ? 'nothing' : points > 0 ? 'points' : 'physical'
  const reward = points > 0 ? `points b:points ${points} 0 0` : ''
  const packed = subs.map((weight, index) => `sub-${index}~${weight}~`).join('|')
  return [tier, kind, quota === undefined ? 0 : 1, minSpins, even ? 1 : 0, 0, 0, reward, packed].join(';')
}

/** Losing spins in all; of prizes that were won tier, id, and how many there were until then. */
export interface ToyMemory {
  readonly losses: number
  readonly frame: string
  readonly wins: ReadonlyArray<readonly string[]>
}

export function lossesSince({ losses, wins }: ToyMemory, prize: ToyPrize): number {
  const counted = wins.filter(([tier, id]) => id === prize.id || Number(tier) < prize.tier)
  return losses - Math.max(0, ...counted.map(([, , at]) => Number(at)))
}

export function readMemory(record = '0;'): ToyMemory {
  const [head = '', ...items] = record.split(',')
  const [losses, frame = ''] = head.split(';')
  return { losses: Number(losses), frame, wins: items.map((item) => item.split(':')) }
}

/** What is remembered after a spin; the last prize of a draw is nothing, all others are wins. */
export function remembered(
  { losses, wins }: ToyMemory,
  { prize, draw, place }: { prize: ToyPrize; draw: ToyDraw; place: string }
): string {
  const won = prize !== draw.prizes.at(-1)
  const promised = byWait(draw.prizes).map(({ id }) => id)
  const kept = wins.filter(([tier, id = '']) => {
    const behind = Number(tier) - prize.tier
    return !won || behind < 0 || (behind === 0 && id !== prize.id && promised.includes(id))
  })
  const all = won ? [[String(prize.tier), prize.id, String(losses)], ...kept] : kept
  return [`${won ? losses : losses + 1};${place}`, ...all.map((win) => win.join(':'))].join()
}
