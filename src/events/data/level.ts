import { askedIn, type Data, type Decided } from './decided.ts'

/** An earned level that rose or fell: whose it is, what it rests on, and the flags that other systems read. */
export function levelData({ decision }: Decided): Data {
  const { scope, from, to, why, flags } = askedIn(decision)
  return { scope, from, to, why, flags }
}
