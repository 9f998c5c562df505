import type { SpinReport } from '../../record/reports/spin.ts'
import { Difference, mustBe } from '../difference.ts'
import type { Spin } from './spin.ts'

/** Hex digits of what was rolled that a prize and its sub-prize are picked by. */
const DIGITS = 26

/** A spin that was drawn, as it is kept with its user until it is ended. */
interface Drawn extends Pick<SpinReport, 'number' | 'previous' | 'picked' | 'level' | 'left'> {
  readonly digest: string
}

/** What is kept of a spin that is drawn. @param digest what was rolled */
export function drawnRecord({ line, report }: Spin, digest: string): string {
  const { previous, picked, level, left } = report
  const rolled = [digest.slice(0, DIGITS), previous, picked, level, left ?? '']
  return [`${line.epoch}-${line.batch}`, line.sequence, ...rolled].join(';')
}

/** Nobody spins beside a spin of theirs that is not ended. @throws Difference */
export function mustBeEnded({ user, fields }: Spin): void {
  const open = user.texts.get(fields.drawn) ?? ''
  mustBe(open === '', 'the spin before', { expected: 'one that is ended', found: open })
}

/** The spin that a decision ends. @param ended its id @throws Difference when the user has no such spin, or it rolled something else */
export function drawnBefore({ user, fields, report }: Spin, ended: string): Drawn {
  const [frame = '', sequence = '', digest = '', previous = '', picked = '', level, left] = (
    user.texts.get(fields.drawn) ?? ''
  ).split(';')
  const id = `${frame.split('-')[0]}-${sequence}`
  mustBe(ended.endsWith(`-${id}`), 'the spin that it ends', { expected: id, found: ended })
  const drawn = {
    number: digest.slice(0, 13),
    previous,
    picked,
    level: Number(level),
    left: left ? Number(left) : null
  }
  for (const [name, value] of Object.entries(drawn)) {
    const found = report[name as keyof typeof drawn]
    if (found !== value) throw new Difference(`the ${name} that was rolled`, String(value), String(found))
  }
  return { ...drawn, digest }
}
