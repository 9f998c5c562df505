import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { logical } from '../../record/keys.ts'
import type { OpenedPlace } from '../../store/shard/opened.ts'
import { stockMoves } from './stock.ts'

const campaignPlace = (campaign: string): OpenedPlace => ({ place: logical.campaign(campaign), campaign })

function stockPlace({ campaign, activity, session }: { campaign: string; activity: string; session: string }) {
  return { place: `${logical.stock(campaign, activity)} ${session}`, campaign, activity, session }
}

/** What an operator's decision opens: its campaign, and the stock that it adds; other decisions open nothing. */
export function opens(decision: FrameDecision): OpenedPlace[] {
  if (decision.user !== SYSTEM_USER) return []
  return [campaignPlace(decision.campaign), ...stockMoves(decision).map(stockPlace)]
}

/** What a decision takes from: its campaign, when it takes anything at all, and stock. */
function takesFrom(decision: FrameDecision): OpenedPlace[] {
  const takes = Object.values(decision.add ?? {}).some((fields) => Object.values(fields).some((delta) => delta < 0))
  if (!takes) return []
  const stock = stockMoves(decision).filter(({ delta }) => delta < 0)
  return [...(decision.campaign === '' ? [] : [campaignPlace(decision.campaign)]), ...stock.map(stockPlace)]
}

/** Asks Postgres which of some places are opened. */
type AskOpened = (places: readonly OpenedPlace[]) => Promise<readonly string[]>

/**
 * What the journal has opened so far. No gate writes a decision that takes from what nobody opened, for causes stand before
 * effects: such a frame is none of ours and must not close the shard as a violation of a check would.
 */
export class Openings {
  readonly #known = new Set<string>()

  /**
   * To be asked of each frame in the order of the journal.
   * @returns what the frame takes from although nobody opened it; '' for a frame of ours
   */
  async unopened(frame: Frame, ask: AskOpened): Promise<string> {
    const opened = new Set<string>()
    const wanted = new Map<string, OpenedPlace>()
    let last: FrameDecision | undefined
    for (const decision of frame.decisions) {
      if (decision.user === SYSTEM_USER) for (const { place } of opens(decision)) opened.add(place)
      // decisions of a frame share their deltas as one object
      else if (
        decision.add !== last?.add ||
        decision.campaign !== last?.campaign ||
        decision.activity !== last.activity
      ) {
        for (const place of takesFrom(decision)) {
          if (!this.#known.has(place.place) && !opened.has(place.place)) wanted.set(place.place, place)
        }
      }
      last = decision
    }
    if (wanted.size > 0) {
      for (const place of await ask([...wanted.values()])) {
        this.#known.add(place)
        wanted.delete(place)
      }
      const [stranger] = wanted.keys()
      if (stranger !== undefined) return stranger
    }
    for (const place of opened) this.#known.add(place)
    return ''
  }
}
