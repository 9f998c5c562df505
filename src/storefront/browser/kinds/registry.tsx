import type { Activity } from 'floodgate/client'
import type { JSX } from 'preact'
import type { CardOf } from '../parts/card.tsx'
import { AssistCard } from './assist.tsx'
import { BoardCard } from './board.tsx'
import { DiscussionCard } from './discussion.tsx'
import { DrawCard } from './draw.tsx'
import { GameCard } from './game.tsx'
import { InviteCard } from './invite.tsx'
import { RedemptionCard } from './redemption.tsx'
import { ReservationCard } from './reservation.tsx'
import { SaleCard } from './sale.tsx'
import { ShareCard } from './share.tsx'
import { SurveyCard } from './survey.tsx'
import { TaskCard } from './task.tsx'

/** The card of each kind: a new kind is a row here and a file beside it. */
const cards: { readonly [Kind in Activity['kind']]: (props: CardOf<Kind>) => JSX.Element } = {
  sale: SaleCard,
  draw: DrawCard,
  task: TaskCard,
  redemption: RedemptionCard,
  reservation: ReservationCard,
  board: BoardCard,
  invite: InviteCard,
  game: GameCard,
  share: ShareCard,
  assist: AssistCard,
  survey: SurveyCard,
  discussion: DiscussionCard
}

/** The card of an activity; nothing for a kind that this page is too old to know. */
export function ActivityCard({ activity, campaign }: { activity: Activity; campaign: string }) {
  const Known = cards[activity.kind] as ((props: { activity: Activity; campaign: string }) => JSX.Element) | undefined
  return Known === undefined ? null : <Known activity={activity} campaign={campaign} />
}
